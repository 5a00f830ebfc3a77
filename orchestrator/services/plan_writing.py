"""Write what was planned: a page of deliveries, how far its notifications have come, and their events.

Of what is due at once the planner may take some for itself: they are written as claimed by it, which spares everybody
to look for them, to claim them and to write them a second time.
Planning again inserts nothing new, because the ids of deliveries are derived; a worker that lost its lease writes
nothing at all.
"""

import json
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from events.services import line_ids
from orchestrator.rules.shapes import in_shapes
from orchestrator.services.claim import LEASE_SECONDS
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import ClaimedDelivery, ClaimedNotification, PlannedDelivery


@dataclass(frozen=True, slots=True)
class Planned:
    """How far the planning of a notification has come. `done`: no recipient is left."""

    notification: ClaimedNotification
    position: str
    planned_count: int
    recipient_count: int
    done: bool


class LeaseLost(Exception):
    """Another worker has taken the work over; nothing of this batch was written."""


# What many deliveries of a page share (`shape`) is passed and read once; each brings its own number of a shape along.
# Every number has its shape: the joins are outer ones because PostgreSQL would expect two rows of inner ones, and loop.
_INSERT_DELIVERIES = """
WITH shape AS MATERIALIZED (
  SELECT number, tenant_id, notification_id, channel, step, last_step, mode, state, reason, wait_reason, priority,
    due_at::timestamptz, expires_at, unknown_policy, fallback_seconds, tallied, template_version_id, locale, success,
    log_reason, detail::jsonb
  FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::int[], %s::text[], %s::timestamptz[], %s::text[], %s::int[], %s::bool[], %s::uuid[], %s::text[], %s::text[],
    %s::text[], %s::text[]) WITH ORDINALITY
    AS shape (tenant_id, notification_id, channel, step, last_step, mode, state, reason, wait_reason, priority, due_at,
              expires_at, unknown_policy, fallback_seconds, tallied, template_version_id, locale, success, log_reason,
              detail, number)
), planned AS MATERIALIZED (
  SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::bool[], %s::int[], %s::uuid[])
    AS planned (id, recipient_id, endpoint_id, data, taken, number, line_id)
), fresh AS (
  INSERT INTO notifications_delivery (id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step,
    last_step, mode, state, reason, wait_reason, lane, priority, due_at, lease_epoch, lease_until, expires_at,
    unknown_policy, fallback_seconds, data, tallied, template_version_id, locale, success, created_at)
  SELECT id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode,
    CASE WHEN taken THEN 'claimed' ELSE state END, reason, wait_reason, priority, priority,
    CASE WHEN NOT taken THEN due_at END, taken::int,
    CASE WHEN taken THEN clock_timestamp() + %s * interval '1 second' END,
    expires_at, unknown_policy, fallback_seconds, data::jsonb, tallied, template_version_id, locale, success, %s
  FROM planned LEFT JOIN shape USING (number)
  ON CONFLICT (id) DO NOTHING
  RETURNING id
)
INSERT INTO events_event (id, tenant_id, kind, at, notification_id, delivery_id, reason, detail)
SELECT line_id, tenant_id, 'delivery.planned', %s, notification_id, id, log_reason, detail
FROM planned JOIN fresh USING (id) LEFT JOIN shape USING (number)
RETURNING delivery_id, clock_timestamp()
"""

_ADVANCE_PLANS = """
UPDATE notifications_notification n SET
  status = 'processing', plan_position = v.position, planned_count = v.planned, recipient_count = v.recipients,
  planned_at = CASE WHEN v.done THEN now() END,
  due_at = CASE WHEN NOT v.done THEN now() END,
  lease_until = NULL,
  crashes = 0
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::int[], %s::int[], %s::bool[])
  AS v (id, epoch, position, planned, recipients, done)
WHERE n.id = v.id AND n.lease_epoch = v.epoch AND n.status IN ('pending', 'scheduled', 'queued', 'processing')
RETURNING n.id
"""


def write_plan(
    planned: Sequence[Planned], deliveries: Sequence[PlannedDelivery], *, take: int, at: datetime
) -> list[ClaimedDelivery]:
    """Insert the deliveries of one page and move its notifications on, in the caller's transaction; returns up to
    `take` of those that are due at once, claimed by this worker as soon as that commits.

    Those that are not done go to the back of their lane, and what crashed on the way to this page is forgiven.
    Raises `LeaseLost` when one of the notifications has another owner by now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ADVANCE_PLANS,
            (
                [p.notification.id for p in planned],
                [p.notification.lease_epoch for p in planned],
                [p.position for p in planned],
                [p.planned_count for p in planned],
                [p.recipient_count for p in planned],
                [p.done for p in planned],
            ),
        )
        if cursor.rowcount != len(planned):
            raise LeaseLost(f"{len(planned) - cursor.rowcount} of {len(planned)} notifications have another owner")
        written: dict[UUID, datetime] = {}
        taken = dict(islice(((d.id, d) for d in deliveries if due_at_once(d)), take))
        if deliveries:
            cursor.execute(_INSERT_DELIVERIES, [*_in_shapes(deliveries, taken, at), LEASE_SECONDS, at, at])
            written = dict(cursor.fetchall())
    wake_timekeeper(min((d.due_at for d in deliveries if d.due_at is not None), default=None))
    # A moment after it was planned, for what follows happens to it later; the same one for all.
    now = max(written.values(), default=at)
    return [_claimed(delivery, created_at=at, at=now) for id, delivery in taken.items() if id in written]


def due_at_once(delivery: PlannedDelivery) -> bool:
    """Does it wait for nothing but its turn?"""
    return delivery.state == "pending" and delivery.due_at is None


def _claimed(delivery: PlannedDelivery, *, created_at: datetime, at: datetime) -> ClaimedDelivery:
    return ClaimedDelivery(
        id=delivery.id,
        tenant_id=delivery.tenant_id,
        notification_id=delivery.notification_id,
        recipient_id=delivery.recipient_id,
        endpoint_id=delivery.endpoint_id,
        channel=delivery.channel,
        step=delivery.step,
        last_step=delivery.last_step,
        mode=delivery.mode,
        priority=delivery.priority,
        attempts=0,
        attempts_before=0,
        crashes=0,
        lease_epoch=1,
        expires_at=delivery.expires_at,
        unknown_policy=delivery.unknown_policy,
        data=delivery.data,
        created_at=created_at,
        at=at,
        template_version_id=delivery.template_version_id,
        locale=delivery.locale,
        success=delivery.success,
    )


def _in_shapes(deliveries: Sequence[PlannedDelivery], taken: Collection[UUID], at: datetime) -> Iterator[list[Any]]:
    """The columns of the shapes of deliveries, and what each of them has for itself."""
    shapes, shape_of = in_shapes(deliveries, _shape)
    yield from (
        [shape.tenant_id for shape in shapes],
        [shape.notification_id for shape in shapes],
        [shape.channel for shape in shapes],
        [shape.step for shape in shapes],
        [shape.last_step for shape in shapes],
        [shape.mode for shape in shapes],
        [shape.state for shape in shapes],
        [shape.reason for shape in shapes],
        [shape.wait_reason for shape in shapes],
        [shape.priority for shape in shapes],
        [_due(shape) for shape in shapes],
        [shape.expires_at for shape in shapes],
        [shape.unknown_policy for shape in shapes],
        [shape.fallback_seconds for shape in shapes],
        [shape.tallied for shape in shapes],
        [shape.template_version_id for shape in shapes],
        [shape.locale for shape in shapes],
        [shape.success for shape in shapes],
        [shape.reason or shape.wait_reason for shape in shapes],
        [json.dumps(_plan_detail(shape)) for shape in shapes],
        [delivery.id for delivery in deliveries],
        [delivery.recipient_id for delivery in deliveries],
        [delivery.endpoint_id for delivery in deliveries],
        [None if delivery.data is None else json.dumps(delivery.data) for delivery in deliveries],
        [delivery.id in taken for delivery in deliveries],
        shape_of,
        line_ids(at, len(deliveries)),
    )


def _shape(delivery: PlannedDelivery) -> Hashable:
    """Equal for deliveries that differ in whom they are to and what is for them only. What a notification says for all
    of its deliveries is equal as soon as the notification is; details are shared objects, or count as different."""
    return (
        delivery.notification_id,
        delivery.channel,
        delivery.step,
        delivery.last_step,
        delivery.state,
        delivery.reason,
        delivery.wait_reason,
        delivery.due_at,
        delivery.fallback_seconds,
        delivery.template_version_id,
        delivery.locale,
        delivery.success,
        id(delivery.detail) if delivery.detail else 0,
    )


def _due(delivery: PlannedDelivery) -> str | None:
    if delivery.state != "pending":
        return None
    return "-infinity" if delivery.due_at is None else delivery.due_at.isoformat()


def _plan_detail(delivery: PlannedDelivery) -> dict[str, Any]:
    detail: dict[str, Any] = {"to": delivery.state, "channel": delivery.channel, "step": delivery.step}
    detail |= delivery.detail
    if delivery.due_at is not None:
        detail["due_at"] = delivery.due_at.isoformat()
    return detail
