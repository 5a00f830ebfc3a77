"""Keep what is wanted for one recipient until a moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from preferences.catalogue import quiet_hours_changed
from preferences.models import Override
from preferences.services.documents import ABOUT_QUIET

MOST_IN_FORCE = 50  # for one recipient

_ALONE = "SELECT pg_advisory_xact_lock(1936007793, hashtext(%s))"  # one writer per recipient


class TooManyOverrides(Exception):
    """A recipient has as many overrides in force as one may have."""


def override(
    *,
    tenant_id: UUID,
    recipient_id: UUID,
    document: Mapping[str, Any],
    until: datetime,
    note: str,
    actor: str,
    at: datetime,
) -> Override:
    """Let a checked document beat a recipient's own preferences until a moment.

    Those that are over are forgotten. Raises `TooManyOverrides`.
    """  # fmt: skip
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ALONE, (str(recipient_id),))
        of_recipient = Override.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id)
        of_recipient.filter(until__lte=at).delete()
        if of_recipient.count() >= MOST_IN_FORCE:
            raise TooManyOverrides(f"{MOST_IN_FORCE} overrides are in force for this recipient; take one back first")
        row = Override.objects.create(
            tenant_id=tenant_id, recipient_id=recipient_id, document=dict(document), until=until, note=note,
            created_by=actor[:120], created_at=at,
        )  # fmt: skip
        _tell(row)
    return row


def take_back(*, tenant_id: UUID, recipient_id: UUID, id: UUID) -> bool:
    """End an override now; whether there was one."""
    with transaction.atomic():
        row = Override.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id, id=id).first()
        if row is None or not Override.objects.filter(id=id).delete()[0]:
            return False
        _tell(row)
    return True


def _tell(row: Override) -> None:
    if any(part in row.document for part in ABOUT_QUIET):
        quiet_hours_changed(tenant_id=row.tenant_id, recipient_ids=[row.recipient_id])
