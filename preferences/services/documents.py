"""Keep what people want."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from preferences.catalogue import quiet_hours_changed
from preferences.documents import merged
from preferences.models import Preferences

ABOUT_QUIET = ("quiet_hours", "timezone")  # the parts of a document that say when to be left alone

Check = Callable[[dict[str, Any]], None]

_INSERT = """
INSERT INTO preferences_preferences (recipient_id, tenant_id, document, created_at, updated_at)
VALUES (%s, %s, '{}', %s, %s) ON CONFLICT (recipient_id) DO NOTHING
"""


def put(*, tenant_id: UUID, recipient_id: UUID, document: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Replace everything a recipient said by a checked document; returns what is kept now."""
    with transaction.atomic():
        return _keep(_locked(tenant_id, recipient_id, at=at), dict(document), at=at)


def patch(
    *, tenant_id: UUID, recipient_id: UUID, change: Mapping[str, Any], check: Check, at: datetime
) -> dict[str, Any]:
    """Merge a change (RFC 7396) into what a recipient said; returns what is kept now.

    `check` raises when the merged document will not do, and then nothing is changed. Two changes at once both count.
    """
    with transaction.atomic():
        row = _locked(tenant_id, recipient_id, at=at)
        document = merged(row.document, change)
        check(document)
        return _keep(row, document, at=at)


def _locked(tenant_id: UUID, recipient_id: UUID, *, at: datetime) -> Preferences:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, (recipient_id, tenant_id, at, at))
    return Preferences.objects.select_for_update().get(tenant_id=tenant_id, recipient_id=recipient_id)


def _keep(row: Preferences, document: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    if document != row.document:
        before = row.document
        row.document, row.updated_at = document, at
        row.save(update_fields=("document", "updated_at"))
        if any(before.get(part) != document.get(part) for part in ABOUT_QUIET):
            quiet_hours_changed(tenant_id=row.tenant_id, recipient_ids=[row.recipient_id])
    return document
