"""Write what became of deliveries: their moves and the events that tell of them, in a statement for any batch.

Every write of a worker is a compare-and-swap on (state, lease epoch): what another worker has taken over in the
meantime is left alone. Proof that a provider accepted is a fact and is written whatever the epoch.
"""

import json
from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import Struct

from events.services import line_ids, record
from events.values import NewEvent
from orchestrator.rules.shapes import in_shapes
from orchestrator.services.calls import disown_calls
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import Move

# What moves share (`shape`) is passed once; each brings the number of its shape along.
_MOVE = """
WITH shape AS MATERIALIZED (
  SELECT tenant_id, notification_id, state, reason, wait_reason, retry, due_at, crashes, error::jsonb, succeeded, free,
    detail::jsonb, number
  FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::timestamptz[], %s::int[],
    %s::text[], %s::bool[], %s::bool[], %s::text[]) WITH ORDINALITY
    AS shape (tenant_id, notification_id, state, reason, wait_reason, retry, due_at, crashes, error, succeeded, free,
              detail, number)
), said AS MATERIALIZED (
  SELECT * FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::int[], %s::uuid[])
    AS said (id, epoch, message_id, number, line_id)
), moved AS (
  UPDATE notifications_delivery d SET
    state = v.state, reason = v.reason, wait_reason = v.wait_reason,
    lane = CASE WHEN v.retry AND d.lane < 4 THEN 4 ELSE d.lane END,
    due_at = CASE WHEN v.state IN ('pending', 'unknown') THEN coalesce(v.due_at, '-infinity') END,
    lease_until = NULL,
    crashes = v.crashes,
    attempts_before = d.attempts_before + v.free::int,
    provider_message_id = CASE WHEN said.message_id <> '' THEN said.message_id ELSE d.provider_message_id END,
    error = CASE WHEN v.state IN ('sent', 'delivered') THEN NULL ELSE coalesce(v.error, d.error) END,
    succeeded = d.succeeded OR v.succeeded,
    sent_at = CASE WHEN v.state IN ('sent', 'delivered') THEN coalesce(d.sent_at, now()) ELSE d.sent_at END,
    delivered_at = CASE WHEN v.state = 'delivered' THEN now() ELSE d.delivered_at END,
    failed_at = CASE WHEN v.state IN ('failed', 'dead', 'bounced') THEN now() ELSE d.failed_at END
  FROM said LEFT JOIN shape v USING (number)
  WHERE d.id = said.id AND d.lease_epoch = said.epoch AND d.state = ANY (%s)
  RETURNING d.id
)
INSERT INTO events_event (id, tenant_id, kind, at, notification_id, delivery_id, reason, detail)
SELECT line_id, tenant_id, 'delivery.moved', %s, notification_id, id, reason, detail
FROM said JOIN moved USING (id) LEFT JOIN shape USING (number)
RETURNING delivery_id
"""

_LATE_PROOF = """
UPDATE notifications_delivery d SET state = 'sent', reason = '', wait_reason = '', due_at = NULL, lease_until = NULL,
  lease_epoch = d.lease_epoch + 1, provider_message_id = v.message_id, sent_at = coalesce(d.sent_at, now()),
  failed_at = NULL, error = NULL, succeeded = d.succeeded OR v.succeeded
FROM unnest(%s::uuid[], %s::text[], %s::bool[]) AS v (id, message_id, succeeded)
WHERE d.id = v.id AND d.state IN ('pending', 'claimed', 'sending', 'unknown', 'dead')
RETURNING d.id
"""


class Written(Struct, frozen=True):
    """A move that was written, with what the log and the next steps want to know."""

    move: Move
    was: str
    succeeded: bool
    detail: dict[str, Any]


def move(moves: Sequence[Written], *, at: datetime) -> set[UUID]:
    """Write moves of deliveries leased to us and their events; returns the ids of those that were still ours.

    Moves of one delivery in one batch must be given in separate calls. Whoever gives the same objects for the details
    of many moves has them written down once.
    """
    if not moves:
        return set()
    shapes, numbers = in_shapes(moves, _shape)
    columns = (
        [w.move.delivery.tenant_id for w in shapes],
        [w.move.delivery.notification_id for w in shapes],
        [w.move.state for w in shapes],
        [w.move.reason for w in shapes],
        [w.move.wait_reason for w in shapes],
        [w.move.retry for w in shapes],
        [w.move.due_at for w in shapes],
        [w.move.delivery.crashes for w in shapes],
        [_error(w.move) for w in shapes],
        [w.succeeded for w in shapes],
        [w.move.free for w in shapes],
        [json.dumps(_detail(w)) for w in shapes],
        [w.move.delivery.id for w in moves],
        [w.move.delivery.lease_epoch for w in moves],
        [w.move.message_id for w in moves],
        numbers,
        line_ids(at, len(moves)),
    )
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, (*columns, sorted({w.was for w in moves}), at))
        moved = {delivery_id for (delivery_id,) in cursor.fetchall()}
    due = [w.move.due_at for w in moves if w.move.due_at is not None and w.move.delivery.id in moved]
    wake_timekeeper(min(due, default=None))
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


def _shape(written: Written) -> Hashable:
    """Equal for moves that differ in the delivery alone. Details are the same object, or count as different."""
    move = written.move
    return (
        move.delivery.notification_id,
        move.delivery.channel,
        written.was,
        move.state,
        move.reason,
        move.wait_reason,
        move.retry,
        move.free,
        move.due_at,
        move.delivery.crashes,
        move.code,
        written.succeeded,
        id(written.detail) if written.detail else 0,
        id(move.detail) if move.detail else 0,
    )


def _detail(written: Written) -> dict[str, Any]:
    move = written.move
    detail = {"from": written.was, "to": move.state, "channel": move.delivery.channel, **written.detail, **move.detail}
    if move.code:
        detail["code"] = move.code
    if move.due_at is not None:
        detail["due_at"] = move.due_at.isoformat()
    return detail


def _error(move: Move) -> str | None:
    return json.dumps({"code": move.code, **move.detail}) if move.code else None
