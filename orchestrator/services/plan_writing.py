"""Write what was planned: a page of deliveries, how far its notifications have come, and their events.

Planning again inserts nothing new, because the ids of deliveries are derived; a worker that lost its lease writes
nothing at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from events.services import record
from events.values import NewEvent
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import ClaimedNotification, PlannedDelivery


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


_INSERT_DELIVERIES = """
INSERT INTO notifications_delivery (id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step,
  mode, state, reason, wait_reason, lane, priority, due_at, expires_at, unknown_policy, fallback_seconds, data, tallied,
  template_version_id, locale, success, created_at)
SELECT id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode, state, reason,
  wait_reason, priority, priority, due_at::timestamptz, expires_at, unknown_policy, fallback_seconds, data::jsonb,
  tallied, template_version_id, locale, success, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::int[], %s::text[],
  %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::timestamptz[], %s::text[], %s::int[], %s::text[],
  %s::bool[], %s::uuid[], %s::text[], %s::text[])
  AS new (id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode, state, reason,
          wait_reason, priority, due_at, expires_at, unknown_policy, fallback_seconds, data, tallied,
          template_version_id, locale, success)
ON CONFLICT (id) DO NOTHING
RETURNING id
"""

_ADVANCE_PLANS = """
UPDATE notifications_notification n SET
  status = 'processing', plan_position = v.position, planned_count = v.planned, recipient_count = v.recipients,
  planned_at = CASE WHEN v.done THEN now() END,
  due_at = CASE WHEN v.done THEN NULL ELSE n.due_at END,
  lease_until = CASE WHEN v.done THEN NULL ELSE now() + %s * interval '1 second' END
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::int[], %s::int[], %s::bool[])
  AS v (id, epoch, position, planned, recipients, done)
WHERE n.id = v.id AND n.lease_epoch = v.epoch AND n.status IN ('pending', 'scheduled', 'queued', 'processing')
RETURNING n.id
"""


def write_plan(planned: Sequence[Planned], deliveries: Sequence[PlannedDelivery], *, at: datetime, lease: int) -> None:
    """Insert the deliveries of one page and move its notifications on, in the caller's transaction.

    Raises `LeaseLost` when one of the notifications has another owner by now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ADVANCE_PLANS,
            (
                lease,
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
        fresh = _insert_deliveries(cursor, deliveries, at)
    record(
        [
            NewEvent(
                d.tenant_id, "delivery.planned", at, d.notification_id, d.id, d.reason or d.wait_reason, _plan_detail(d)
            )
            for d in deliveries
            if d.id in fresh
        ]
    )
    wake_timekeeper(min((d.due_at for d in deliveries if d.due_at is not None), default=None))


def _insert_deliveries(cursor: Any, deliveries: Sequence[PlannedDelivery], at: datetime) -> set[UUID]:
    if not deliveries:
        return set()
    cursor.execute(
        _INSERT_DELIVERIES,
        (
            at,
            [d.id for d in deliveries],
            [d.tenant_id for d in deliveries],
            [d.notification_id for d in deliveries],
            [d.recipient_id for d in deliveries],
            [d.endpoint_id for d in deliveries],
            [d.channel for d in deliveries],
            [d.step for d in deliveries],
            [d.last_step for d in deliveries],
            [d.mode for d in deliveries],
            [d.state for d in deliveries],
            [d.reason for d in deliveries],
            [d.wait_reason for d in deliveries],
            [d.priority for d in deliveries],
            [_due(d) for d in deliveries],
            [d.expires_at for d in deliveries],
            [d.unknown_policy for d in deliveries],
            [d.fallback_seconds for d in deliveries],
            [None if d.data is None else json.dumps(d.data) for d in deliveries],
            [d.tallied for d in deliveries],
            [d.template_version_id for d in deliveries],
            [d.locale for d in deliveries],
            [d.success for d in deliveries],
        ),
    )
    return {delivery_id for (delivery_id,) in cursor.fetchall()}


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
