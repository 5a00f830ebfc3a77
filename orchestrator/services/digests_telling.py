"""Tell what a digest gathered: accept one notification with all its items, or one for each of them.

In the transaction that closes the digest. What cannot be worded as one is told one by one, so nothing is lost.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection

from audience.selectors import external_ids
from events.bells import ring_on_commit
from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from notifications.rules.policy import DigestPolicy
from notifications.services.accept import Door, accept
from notifications.values import PRIORITY_NAME, Accepted, NotificationRequest
from orchestrator.rules.digest_items import Item, Told, data_of
from templates_app.selectors import offers

ACTOR = "digest"

log = logging.getLogger(__name__)

# As it was accepted, for the one person of the digest, and due at once.
_SEND_ALONE = """
INSERT INTO notifications_notification (
  id, tenant_id, mode, type, category, priority, strategy, channels, content, data, recipients, segment_id,
  recipient_count, status, reason, unknown_policy, scheduled_at, scheduled_local, recurrence, template, expires_at,
  cancellation_key, correlation_id, idempotency_key, dedup, tags, metadata, traceparent, actor, created_at, due_at)
SELECT
  v.id, n.tenant_id, n.mode, n.type, n.category, n.priority, n.strategy, n.channels, n.content, v.data::jsonb,
  jsonb_build_array(jsonb_build_object('id', v.recipient_id)), NULL, 1, 'queued', '', n.unknown_policy, NULL, '', '',
  n.template, n.expires_at, n.cancellation_key, n.correlation_id, '', '{}', n.tags, n.metadata, n.traceparent,
  %s, %s, '-infinity'
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) AS v (id, notification_id, recipient_id, data)
JOIN notifications_notification n ON n.id = v.notification_id
RETURNING id, priority, recipient_count, type, strategy, tenant_id
"""


@dataclass(frozen=True, slots=True)
class DueDigest:
    """A digest that is being closed; `at` is the database's clock."""

    id: UUID
    tenant_id: UUID
    recipient_id: UUID
    mode: str
    type: str
    name: str
    key: str
    policy: DigestPolicy
    priority: int
    opened_at: datetime
    at: datetime


def tell_together(due: Sequence[DueDigest], judged: Mapping[UUID, Told], *, at: datetime) -> dict[UUID, UUID]:
    """Accept the one notification of each digest; those that cannot be worded, and why, are left to go one by one."""
    names = external_ids({digest.recipient_id for digest in due})
    spoken = _spoken(due)
    doors: dict[Door, list[DueDigest]] = defaultdict(list)
    for digest in due:
        if digest.recipient_id in names:
            doors[Door(digest.tenant_id, digest.mode, ACTOR)].append(digest)
    told_by: dict[UUID, UUID] = {}
    for door, digests in doors.items():
        requests = [
            NotificationRequest(
                type=digest.type or None,
                recipients=[names[digest.recipient_id]],
                data=data_of(judged[digest.id].items, key=digest.key),
                template=digest.policy.template or None,
                channels=[name for name in digest.policy.channels if name in spoken.get(digest.id, ())] or None,
                priority=PRIORITY_NAME[digest.priority],
                idempotency_key=f"digest:{digest.id}",
                metadata={"digest": str(digest.id)},
            )
            for digest in digests
        ]
        for digest, answer in zip(digests, accept(door=door, requests=requests, at=at), strict=True):
            if isinstance(answer, Accepted):
                told_by[digest.id] = answer.id
            else:
                log.warning("digest.not_worded", extra={"digest": str(digest.id), "code": answer.code})
    return told_by


def _spoken(due: Sequence[DueDigest]) -> dict[UUID, Sequence[str]]:
    """The channels on which the digests' own templates have words; asked only for those that name channels."""
    narrowed = [digest for digest in due if digest.policy.channels and digest.policy.template]
    offered = offers((digest.tenant_id, digest.policy.template) for digest in narrowed) if narrowed else {}
    known = {digest.id: offered.get((digest.tenant_id, digest.policy.template)) for digest in narrowed}
    words: dict[UUID, Sequence[str]] = {id: tuple(offer.channels()) for id, offer in known.items() if offer}
    return {digest.id: words.get(digest.id, digest.policy.channels) for digest in due}


def tell_alone(places: Sequence[tuple[DueDigest, Item]], *, at: datetime) -> dict[tuple[UUID, UUID], UUID]:
    """Accept a notification of its own for each item, as it was asked for; by (digest, item), in their order."""
    if not places:
        return {}
    ids = [uuid7(at) for _ in places]
    ids.sort()
    columns = (
        ids,
        [item.id for _, item in places],
        [digest.recipient_id for digest, _ in places],
        [msgspec.json.encode(item.data).decode() for _, item in places],
    )
    with connection.cursor() as cursor:
        cursor.execute(_SEND_ALONE, (ACTOR, at, *columns))
        rows = {id: facts for id, *facts in cursor.fetchall()}
    sent = {(digest.id, item.id): id for (digest, item), id in zip(places, ids, strict=True) if id in rows}
    origin = {id: item_id for (_, item_id), id in sent.items()}
    record(
        [
            NewEvent(
                rows[id][4], "notification.accepted", at, id, actor=ACTOR,
                detail={"recipients": 1, "type": rows[id][2], "strategy": rows[id][3], "gathered": str(origin[id])},
            )
            for id in sorted(rows)
        ]
    )  # fmt: skip
    ring_on_commit({f"plan.{PRIORITY_NAME[priority]}" for priority, *_ in rows.values()})
    return sent
