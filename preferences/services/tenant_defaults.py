"""Keep what a tenant wants for all its recipients."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from preferences.catalogue import quiet_hours_changed
from preferences.documents import merged
from preferences.models import TenantPreferences
from preferences.services.documents import ABOUT_QUIET
from tenants.services import audit

PARTS = ("defaults", "forced")
ABOUT_WHEN = (*ABOUT_QUIET, "holidays")

Documents = dict[str, Any]  # {"defaults": document, "forced": document}
Check = Callable[[Documents], None]

_INSERT = """
INSERT INTO preferences_tenantpreferences (tenant_id, defaults, forced, created_at, updated_at)
VALUES (%s, '{}', '{}', %s, %s) ON CONFLICT (tenant_id) DO NOTHING
"""


def put_tenant_preferences(*, tenant_id: UUID, documents: Mapping[str, Any], actor: str, at: datetime) -> Documents:
    """Replace both documents of a tenant by checked ones; returns what is kept now."""
    with transaction.atomic():
        return _keep(_locked(tenant_id, at=at), {part: documents.get(part, {}) for part in PARTS}, actor=actor, at=at)


def patch_tenant_preferences(
    *, tenant_id: UUID, change: Mapping[str, Any], check: Check, actor: str, at: datetime
) -> Documents:
    """Merge a change (RFC 7396) into what a tenant said; returns what is kept now.

    `check` raises when the merged documents will not do, and then nothing is changed. Two changes at once both count.
    """
    with transaction.atomic():
        row = _locked(tenant_id, at=at)
        documents = merged({part: getattr(row, part) for part in PARTS}, change)
        check(documents)
        return _keep(row, {part: documents.get(part, {}) for part in PARTS}, actor=actor, at=at)


def _locked(tenant_id: UUID, *, at: datetime) -> TenantPreferences:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, (tenant_id, at, at))
    return TenantPreferences.objects.select_for_update().get(tenant_id=tenant_id)


def _keep(row: TenantPreferences, documents: Documents, *, actor: str, at: datetime) -> Documents:
    before = {part: getattr(row, part) for part in PARTS}
    if documents == before:
        return documents
    row.defaults, row.forced, row.updated_at = documents["defaults"], documents["forced"], at
    row.save(update_fields=(*PARTS, "updated_at"))
    changed = [part for part in PARTS if before[part] != documents[part]]
    audit(row.tenant_id, actor=actor, action="preferences.changed", detail={"changed": changed}, at=at)
    if any(before[part].get(name) != documents[part].get(name) for part in PARTS for name in ABOUT_WHEN):
        quiet_hours_changed(tenant_id=row.tenant_id, recipient_ids=None)
    return documents
