"""Write what became of deliveries: begun calls, moves and their events; a handful of statements for any batch.

Every write of a worker is a compare-and-swap on (state, lease epoch): what another worker has taken over in the
meantime is left alone. Proof that a provider accepted is a fact and is written whatever the epoch.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from events.services import record
from events.values import NewEvent
from kernel.ids import derived
from orchestrator.services.parked import expect
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import ClaimedDelivery, Move

_BEGIN = """
WITH begun AS (
  UPDATE notifications_delivery d SET state = 'sending', attempts = v.number, provider = v.provider,
    lease_until = now() + %s * interval '1 second'
  FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::text[]) AS v (id, epoch, number, provider)
  WHERE d.id = v.id AND d.lease_epoch = v.epoch AND d.state = 'claimed' AND d.lease_until > now()
  RETURNING d.id
)
INSERT INTO notifications_attempt (id, tenant_id, delivery_id, number, lease_epoch, provider, account, begun_at)
SELECT v.attempt_id, v.tenant_id, v.id, v.number, v.epoch, v.provider, v.account, now()
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::text[], %s::text[])
  AS v (attempt_id, tenant_id, id, number, epoch, provider, account)
WHERE v.id IN (SELECT id FROM begun)
RETURNING delivery_id
"""

_CLOSE_ATTEMPTS = """
UPDATE notifications_attempt a SET outcome = v.outcome, ended_at = now(), code = v.code, detail = v.detail,
  provider_message_id = v.message_id
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[]) AS v (id, outcome, code, detail, message_id)
WHERE a.id = v.id AND a.outcome IN ('', 'unknown')
"""

_MOVE = """
UPDATE notifications_delivery d SET
  state = v.state, reason = v.reason, wait_reason = v.wait_reason,
  lane = CASE WHEN v.retry AND d.lane < 4 THEN 4 ELSE d.lane END,
  due_at = CASE WHEN v.state IN ('pending', 'unknown') THEN coalesce(v.due_at, '-infinity') END,
  lease_until = NULL,
  crashes = v.crashes,
  attempts_before = d.attempts_before + v.free::int,
  provider_message_id = CASE WHEN v.message_id <> '' THEN v.message_id ELSE d.provider_message_id END,
  error = CASE WHEN v.state IN ('sent', 'delivered') THEN NULL ELSE coalesce(v.error::jsonb, d.error) END,
  succeeded = d.succeeded OR v.succeeded,
  sent_at = CASE WHEN v.state IN ('sent', 'delivered') THEN coalesce(d.sent_at, now()) ELSE d.sent_at END,
  delivered_at = CASE WHEN v.state = 'delivered' THEN now() ELSE d.delivered_at END,
  failed_at = CASE WHEN v.state IN ('failed', 'dead', 'bounced') THEN now() ELSE d.failed_at END
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::timestamptz[], %s::int[],
  %s::text[], %s::text[], %s::bool[], %s::bool[])
  AS v (id, epoch, state, reason, wait_reason, retry, due_at, crashes, message_id, error, succeeded, free)
WHERE d.id = v.id AND d.lease_epoch = v.epoch AND d.state = ANY (%s)
RETURNING d.id
"""

_LATE_PROOF = """
UPDATE notifications_delivery d SET state = 'sent', reason = '', wait_reason = '', due_at = NULL, lease_until = NULL,
  lease_epoch = d.lease_epoch + 1, provider_message_id = v.message_id, sent_at = coalesce(d.sent_at, now()),
  failed_at = NULL, error = NULL, succeeded = d.succeeded OR v.succeeded
FROM unnest(%s::uuid[], %s::text[], %s::bool[]) AS v (id, message_id, succeeded)
WHERE d.id = v.id AND d.state IN ('pending', 'claimed', 'sending', 'unknown', 'dead')
RETURNING d.id
"""

# Its own worker may still tell how the call ended, for `unknown` can become known; if that worker dies, nobody does.
_DISOWN_CALLS = """
UPDATE notifications_attempt SET outcome = 'unknown', ended_at = now(), code = 'overtaken',
  detail = 'the delivery turned out to be sent while this call was under way'
WHERE delivery_id = ANY (%s) AND outcome = ''
"""

_SKIP_LATER_STEPS = """
UPDATE notifications_delivery d SET state = 'skipped', reason = 'earlier_step_succeeded', wait_reason = '',
  due_at = NULL
FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS v (notification_id, recipient_id, step)
WHERE d.notification_id = v.notification_id AND d.recipient_id = v.recipient_id AND d.step > v.step
  AND d.state = 'pending'
RETURNING d.id, d.tenant_id, d.notification_id, d.channel
"""

# The next step comes forward when nothing of the failed step is open or has succeeded.
_HASTEN_NEXT_STEP = """
UPDATE notifications_delivery d SET due_at = now() + d.fallback_seconds * interval '1 second'
FROM (SELECT DISTINCT * FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS v (notification_id, recipient_id, step)) AS v
WHERE d.notification_id = v.notification_id AND d.recipient_id = v.recipient_id AND d.step = v.step + 1
  AND d.state = 'pending' AND d.wait_reason = 'earlier_step'
  AND d.due_at > now() + d.fallback_seconds * interval '1 second'
  AND NOT EXISTS (
    SELECT 1 FROM notifications_delivery s
    WHERE s.notification_id = v.notification_id AND s.recipient_id = v.recipient_id AND s.step = v.step
      AND (s.state IN ('pending', 'claimed', 'sending', 'unknown') OR s.succeeded))
RETURNING d.id, d.tenant_id, d.notification_id, d.channel, d.due_at
"""


def begin(calls: Sequence[tuple[ClaimedDelivery, str, str]], *, at: datetime, lease: int) -> set[UUID]:
    """Write an open attempt for every (delivery, provider, account) still leased to us; returns their delivery ids.

    Committed before the call begins: a call without its row does not exist.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN,
            (
                lease,
                [d.id for d, _, _ in calls],
                [d.lease_epoch for d, _, _ in calls],
                [d.attempt_number for d, _, _ in calls],
                [provider for _, provider, _ in calls],
                [attempt_id(d) for d, _, _ in calls],
                [d.tenant_id for d, _, _ in calls],
                [d.id for d, _, _ in calls],
                [d.attempt_number for d, _, _ in calls],
                [d.lease_epoch for d, _, _ in calls],
                [provider for _, provider, _ in calls],
                [account for _, _, account in calls],
            ),
        )
        begun = {delivery_id for (delivery_id,) in cursor.fetchall()}
    record(
        [
            NewEvent(
                d.tenant_id, "delivery.moved", at, d.notification_id, d.id,
                detail={"from": "claimed", "to": "sending", "channel": d.channel, "provider": provider,
                        "attempt": d.attempt_number},
            )
            for d, provider, _ in calls
            if d.id in begun
        ]
    )  # fmt: skip
    return begun


def close_attempts(outcomes: Iterable[tuple[UUID, str, str, str, str]]) -> None:
    """Write (attempt id, outcome, code, detail, message id) of calls that ended; twice changes nothing.

    Receipts that came before the names of their messages were committed are heard after the commit.
    """
    rows = list(zip(*outcomes, strict=True))
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE_ATTEMPTS, [list(column) for column in rows])
        expect({name for name in rows[4] if name})


def attempt_id(delivery: ClaimedDelivery) -> UUID:
    """The id of the attempt that `delivery.attempt_number` counts: in the partition of its delivery, one per number."""
    return derived(delivery.id, "attempt", delivery.attempt_number)


@dataclass(frozen=True, slots=True)
class Written:
    """A move that was written, with what the log and the next steps want to know."""

    move: Move
    was: str
    succeeded: bool
    detail: dict[str, Any]


def move(moves: Sequence[Written], *, at: datetime) -> set[UUID]:
    """Write moves of deliveries leased to us and their events; returns the ids of those that were still ours.

    Moves of one delivery in one batch must be given in separate calls. Steps that follow are skipped or come forward.
    """
    if not moves:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            (
                [w.move.delivery.id for w in moves],
                [w.move.delivery.lease_epoch for w in moves],
                [w.move.state for w in moves],
                [w.move.reason for w in moves],
                [w.move.wait_reason for w in moves],
                [w.move.retry for w in moves],
                [w.move.due_at for w in moves],
                [w.move.delivery.crashes for w in moves],
                [w.move.message_id for w in moves],
                [_error(w.move) for w in moves],
                [w.succeeded for w in moves],
                [w.move.free for w in moves],
                sorted({w.was for w in moves}),
            ),
        )
        moved = {delivery_id for (delivery_id,) in cursor.fetchall()}
    written = [w for w in moves if w.move.delivery.id in moved]
    record([_moved(w, at) for w in written])
    wake_timekeeper(min((w.move.due_at for w in written if w.move.due_at is not None), default=None))
    return moved


def late_proof(proofs: Sequence[Written], *, at: datetime) -> set[UUID]:
    """Write that a provider accepted deliveries that are no longer ours: a fact, whatever the epoch."""
    if not proofs:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _LATE_PROOF,
            ([w.move.delivery.id for w in proofs], [w.move.message_id for w in proofs], [w.succeeded for w in proofs]),
        )
        proven = {delivery_id for (delivery_id,) in cursor.fetchall()}
    disown_calls(proven)
    record(
        [
            NewEvent(
                w.move.delivery.tenant_id, "delivery.moved", at, w.move.delivery.notification_id, w.move.delivery.id,
                "late_proof", {**w.detail, "to": "sent", "channel": w.move.delivery.channel},
            )
            for w in proofs
            if w.move.delivery.id in proven
        ]
    )  # fmt: skip
    return proven


def disown_calls(delivery_ids: Collection[UUID]) -> None:
    """Close the calls that are under way for deliveries that proof of acceptance took from their workers."""
    if delivery_ids:
        with connection.cursor() as cursor:
            cursor.execute(_DISOWN_CALLS, (list(delivery_ids),))


class Place(NamedTuple):
    """A step of the strategy of one recipient of one notification."""

    notification_id: UUID
    recipient_id: UUID
    step: int


def follow_up(written: Iterable[Written], *, at: datetime) -> None:
    """Skip the later steps of what succeeded; bring forward the next step of what failed for good."""
    written = [w for w in written if w.move.delivery.step < w.move.delivery.last_step]
    follow_places(
        succeeded=[_place(w) for w in written if w.succeeded],
        failed=[_place(w) for w in written if w.move.state in ("failed", "dead", "bounced", "skipped")],
        at=at,
    )


def follow_places(*, succeeded: Iterable[Place], failed: Iterable[Place], at: datetime) -> None:
    """The same for steps named by their place."""
    events = []
    with connection.cursor() as cursor:
        if done := sorted(set(succeeded)):
            cursor.execute(_SKIP_LATER_STEPS, _columns(done))
            for delivery_id, tenant_id, notification_id, channel in cursor.fetchall():
                detail = {"from": "pending", "to": "skipped", "channel": channel}
                events.append(
                    NewEvent(
                        tenant_id, "delivery.moved", at, notification_id, delivery_id, "earlier_step_succeeded", detail
                    )
                )
        if gone := sorted(set(failed)):
            cursor.execute(_HASTEN_NEXT_STEP, _columns(gone))
            sooner = cursor.fetchall()
            for delivery_id, tenant_id, notification_id, channel, due_at in sooner:
                detail = {"channel": channel, "due_at": due_at.isoformat()}
                events.append(
                    NewEvent(
                        tenant_id, "delivery.hastened", at, notification_id, delivery_id, "earlier_step_failed", detail
                    )
                )
            wake_timekeeper(min((row[4] for row in sooner), default=None))
    record(events)


def _moved(written: Written, at: datetime) -> NewEvent:
    move = written.move
    detail = {"from": written.was, "to": move.state, "channel": move.delivery.channel, **written.detail, **move.detail}
    if move.code:
        detail["code"] = move.code
    if move.due_at is not None:
        detail["due_at"] = move.due_at.isoformat()
    return NewEvent(
        move.delivery.tenant_id,
        "delivery.moved",
        at,
        move.delivery.notification_id,
        move.delivery.id,
        move.reason,
        detail,
    )


def _error(move: Move) -> str | None:
    return json.dumps({"code": move.code, **move.detail}) if move.code else None


def _place(written: Written) -> Place:
    delivery = written.move.delivery
    return Place(delivery.notification_id, delivery.recipient_id, delivery.step)


def _columns(places: Sequence[Place]) -> tuple[list[UUID], list[UUID], list[int]]:
    return [p.notification_id for p in places], [p.recipient_id for p in places], [p.step for p in places]
