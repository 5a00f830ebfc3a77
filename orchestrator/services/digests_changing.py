"""Change what waits in digests until they close: close one early, take items back, say them differently.

The row of the digest is locked first, so a change comes wholly before its closing or finds it closed.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import connection, transaction
from django.db.models.functions import Least

from events.bells import ring_on_commit
from events.services import record
from events.values import NewEvent
from orchestrator.models import Digest, DigestItem
from orchestrator.services.digests_closing import LANE
from tenants.services import audit

# In the order in which everybody locks them; one that is being closed at this moment is waited for.
_TAKE_BACK = """
WITH here AS (
  SELECT d.id FROM orchestrator_digest d
  WHERE d.state <> 'closed' AND d.tenant_id = %(tenant)s AND d.id IN (
    SELECT i.digest_id FROM orchestrator_digestitem i
    WHERE i.notification_id = ANY (%(ids)s) AND i.left_out = '' AND i.tenant_id = %(tenant)s)
  ORDER BY d.tenant_id, d.recipient_id, d.mode, d.type, d.name, d.key, d.id FOR UPDATE
)
UPDATE orchestrator_digestitem i SET left_out = %(why)s FROM here
WHERE i.digest_id = here.id AND i.notification_id = ANY (%(ids)s) AND i.left_out = ''
  AND (%(only)s::uuid IS NULL OR i.digest_id = %(only)s)
RETURNING i.notification_id, i.digest_id
"""


def close_early(id: UUID, *, tenant_id: UUID, actor: str, at: datetime) -> Digest | None:
    """Let nobody else join and tell at once what is there; returns the digest, `None` when there is none.

    Its items are told a moment later, by a worker. One that is closing or closed stays as it is.
    """
    with transaction.atomic():
        digest = Digest.objects.select_for_update().filter(tenant_id=tenant_id, id=id).first()
        if digest is not None and digest.state == Digest.State.OPEN:
            due_at = Least("closes_at", TransactionNow())
            Digest.objects.filter(id=id).update(state=Digest.State.CLOSING, closes_at=due_at)
            digest.refresh_from_db()
            audit(tenant_id, actor=actor, action="digest.closed_early", detail={"digest": str(id)}, at=at)
            ring_on_commit({LANE})
        return digest


def take_back(
    notification_ids: Collection[UUID],
    *,
    tenant_id: UUID,
    why: str = "cancelled",
    digest_id: UUID | None = None,
    actor: str = "",
    at: datetime,
) -> Mapping[UUID, int]:
    """Leave notifications out of the digests that have not closed, or of one; returns how many items of each."""
    if not notification_ids:
        return {}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        asked: dict[str, Any] = {"ids": list(notification_ids), "tenant": tenant_id, "why": why, "only": digest_id}
        cursor.execute(_TAKE_BACK, asked)
        taken = cursor.fetchall()
        record(
            [
                NewEvent(tenant_id, "digest.left_out", at, id, reason=why, detail={"digest": str(into)}, actor=actor)
                for id, into in sorted(taken)
            ]
        )
    return Counter(id for id, _ in taken)


def say_differently(
    digest_id: UUID, notification_id: UUID, *, tenant_id: UUID, data: Mapping[str, Any], actor: str, at: datetime
) -> DigestItem | None:
    """Replace the data of an item that waits; `None` when it does not, any more."""
    with transaction.atomic():
        digests = Digest.objects.select_for_update().filter(tenant_id=tenant_id, id=digest_id)
        if not digests.exclude(state=Digest.State.CLOSED).exists():
            return None
        items = DigestItem.objects.filter(tenant_id=tenant_id, digest_id=digest_id, notification_id=notification_id)
        if not items.filter(left_out="").update(data=dict(data)):
            return None
        detail = {"digest": str(digest_id)}
        record([NewEvent(tenant_id, "digest.item_changed", at, notification_id, detail=detail, actor=actor)])
        return items.get()
