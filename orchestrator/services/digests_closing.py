"""Close digests whose time has come: judge each item once more and tell them as one, or one by one.

What tells them is accepted in the transaction that closes the digest, so there is exactly one of it whoever dies when.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from events.services import record
from events.values import NewEvent
from kernel import structs
from kernel.clock import iso
from notifications.rules.policy import DigestPolicy
from orchestrator.rules.digest_items import Item, Leaving, Told, told
from orchestrator.services.digests_judging import stances
from orchestrator.services.digests_telling import DueDigest, tell_alone, tell_together

LANE = "digests"
KEPT = timedelta(days=30)  # after it closed: its items hold what notifications said
MOST = 50  # digests closed in one transaction
PAUSE = "1 minute"  # until one that could not be closed is tried again

log = logging.getLogger(__name__)

_DUE = """
SELECT id, tenant_id, recipient_id, mode, type, name, key, policy, priority, opened_at, now() FROM orchestrator_digest
WHERE state IN ('open', 'closing') AND closes_at <= now() AND (%(only)s::uuid IS NULL OR id = %(only)s)
ORDER BY closes_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

_ITEMS = """
SELECT i.digest_id, i.notification_id, i.type, i.at, i.data, i.expires_at,
  CASE WHEN i.left_out = '' AND n.reason = 'cancelled' THEN 'cancelled' ELSE i.left_out END,
  coalesce(n.category, ''), i.channels
FROM orchestrator_digestitem i LEFT JOIN LATERAL (
  SELECT reason, category FROM notifications_notification WHERE id = i.notification_id OFFSET 0  -- one by one
) n ON true
WHERE i.digest_id = ANY (%s)
ORDER BY i.digest_id, i.notification_id
"""

_LEAVE_OUT = """
UPDATE orchestrator_digestitem i SET left_out = v.why
FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS v (digest_id, notification_id, why)
WHERE i.digest_id = v.digest_id AND i.notification_id = v.notification_id AND i.left_out = ''
"""

_SENT_AS = """
UPDATE orchestrator_digestitem i SET sent_as = v.sent_as
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS v (digest_id, notification_id, sent_as)
WHERE i.digest_id = v.digest_id AND i.notification_id = v.notification_id
"""

_CLOSE = """
UPDATE orchestrator_digest d SET state = 'closed', closed_at = %s, outcome = v.outcome, notification_id = v.told_by
FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS v (id, outcome, told_by) WHERE d.id = v.id
"""

_PURGE = """
DELETE FROM orchestrator_digest WHERE id = ANY (ARRAY(
  SELECT id FROM orchestrator_digest WHERE closed_at < %s LIMIT %s FOR UPDATE SKIP LOCKED))
"""

_POSTPONE = f"UPDATE orchestrator_digest SET closes_at = now() + interval '{PAUSE}' WHERE id = %s"


def close_due(*, limit: int = MOST) -> int:
    """Close digests that are due; returns how many were looked at. One that cannot be closed does not stop the rest."""
    try:
        return len(_close(limit))
    except Exception as trouble:  # noqa: BLE001 - one bad item must not stop its batch
        log.warning("digests.batch_failed", extra={"trouble": type(trouble).__name__})
    return sum(_close_alone(id) for id in _due_ids(limit))


def purge(*, at: datetime, limit: int) -> int:
    """Forget digests that closed long ago, with their items; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, (at - KEPT, limit))
        return int(cursor.rowcount)


def _close_alone(id: UUID) -> int:
    try:
        return len(_close(1, only=id))
    except Exception:
        log.exception("digest.close_failed", extra={"digest": str(id)})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_POSTPONE, (id,))
    return 1


def _due_ids(limit: int) -> list[UUID]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE, {"limit": limit, "only": None})
        return [row[0] for row in cursor.fetchall()]


def _close(limit: int, *, only: UUID | None = None) -> list[UUID]:
    with transaction.atomic():
        due = _take(limit, only=only)
        if not due:
            return []
        at = due[0].at
        items = _items(due)
        stance = stances(due, items)
        judged = {d.id: told(items[d.id], min_items=d.policy.min_items, at=at, stance=stance[d.id]) for d in due}

        told_by = tell_together([d for d in due if judged[d.id].together], judged, at=at)
        alone = tell_alone([(d, item) for d in due for item in _alone(judged[d.id], told_by.get(d.id))], at=at)

        _write(due, items, judged, told_by, alone, at=at)
    return [digest.id for digest in due]


def _take(limit: int, *, only: UUID | None = None) -> list[DueDigest]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"limit": limit, "only": only})
        rows = cursor.fetchall()
    return [_due(row) for row in rows]


def _due(row: Sequence[Any]) -> DueDigest:
    values: list[Any] = [*row[:7], structs.decode(row[7], DigestPolicy), *row[8:]]
    return DueDigest(*values)


def _items(due: Sequence[DueDigest]) -> Mapping[UUID, list[Item]]:
    found: dict[UUID, list[Item]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, ([digest.id for digest in due],))
        for digest_id, id, type, at, data, expires_at, left_out, category, channels in cursor.fetchall():
            said = msgspec.json.decode(data)
            found[digest_id].append(Item(id, type, at, said, expires_at, left_out, category, tuple(channels)))
    return found


def _alone(judged: Told, told_by: UUID | None) -> tuple[Item, ...]:
    """The items that go out by themselves: all of them where nothing tells them together."""
    return judged.apart if told_by else tuple(sorted((*judged.items, *judged.apart), key=lambda item: item.id))


def _write(
    due: Sequence[DueDigest],
    items: Mapping[UUID, Sequence[Item]],
    judged: Mapping[UUID, Told],
    told_by: Mapping[UUID, UUID],
    alone: Mapping[tuple[UUID, UUID], UUID],
    *,
    at: datetime,
) -> None:
    left_out = {
        (digest.id, item.id): judged[digest.id].left_out.get(item.id, Leaving(item.left_out))
        for digest in due
        for item in items.get(digest.id, ())
    }
    with connection.cursor() as cursor:
        if rows := [(*place, why.reason) for place, why in left_out.items() if why.reason]:
            cursor.execute(_LEAVE_OUT, [list(column) for column in zip(*rows, strict=True)])
        if alone:
            cursor.execute(_SENT_AS, ([id for id, _ in alone], [item_id for _, item_id in alone], list(alone.values())))
        outcomes = {digest.id: _outcome(digest, judged[digest.id], told_by) for digest in due}
        cursor.execute(_CLOSE, (at, list(outcomes), list(outcomes.values()), [told_by.get(id) for id in outcomes]))
    record([event for digest in due for event in _events(digest, items, judged, left_out, told_by, alone, at=at)])


def _outcome(digest: DueDigest, judged: Told, told_by: Mapping[UUID, UUID]) -> str:
    if digest.id in told_by:
        return "together"
    return "one_by_one" if judged.items or judged.apart else "nothing"


def _events(
    digest: DueDigest,
    items: Mapping[UUID, Sequence[Item]],
    judged: Mapping[UUID, Told],
    left_out: Mapping[tuple[UUID, UUID], Leaving],
    told_by: Mapping[UUID, UUID],
    alone: Mapping[tuple[UUID, UUID], UUID],
    *,
    at: datetime,
) -> list[NewEvent]:
    """A line in the story of every item, and one in the story of what tells them."""
    events = []
    for item in items.get(digest.id, ()):
        why = left_out[digest.id, item.id]
        by = None if why.reason else alone.get((digest.id, item.id)) or told_by.get(digest.id)
        detail = {**why.detail, "digest": str(digest.id), "recipient_id": str(digest.recipient_id)}
        detail |= {"told_by": str(by)} if by else {}
        events.append(NewEvent(digest.tenant_id, "digest.closed", at, item.id, reason=why.reason, detail=detail))
    if digest.id in told_by:
        count = len(judged[digest.id].items)
        detail = {"digest": str(digest.id), "items": str(count), "opened_at": iso(digest.opened_at)}
        events.append(NewEvent(digest.tenant_id, "digest.told", at, told_by[digest.id], detail=detail))
    return events
