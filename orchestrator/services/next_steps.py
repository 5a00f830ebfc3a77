"""What the end of one step means for the others: later ones are not needed any more, or the next one comes forward."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from events.services import record
from events.values import NewEvent
from orchestrator.services.moves import Written
from orchestrator.services.timers import wake_timekeeper

# Found by notification and recipient. What waits has an index of its own, which a plan made while nothing waited would
# read as a whole; so the state is asked for in a way that no index knows (decision 21).
_SKIP_LATER_STEPS = """
UPDATE notifications_delivery d SET state = 'skipped', reason = 'earlier_step_succeeded', wait_reason = '',
  due_at = NULL
FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS v (notification_id, recipient_id, step)
WHERE d.notification_id = v.notification_id AND d.recipient_id = v.recipient_id AND d.step > v.step
  AND d.state || '' = 'pending'
RETURNING d.id, d.tenant_id, d.notification_id, d.channel
"""

# The next step comes forward when nothing of the failed step is open or has succeeded.
_HASTEN_NEXT_STEP = """
UPDATE notifications_delivery d SET due_at = now() + d.fallback_seconds * interval '1 second'
FROM (SELECT DISTINCT * FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS v (notification_id, recipient_id, step)) AS v
WHERE d.notification_id = v.notification_id AND d.recipient_id = v.recipient_id AND d.step = v.step + 1
  AND d.state || '' = 'pending' AND d.wait_reason = 'earlier_step'
  AND d.due_at > now() + d.fallback_seconds * interval '1 second'
  AND NOT EXISTS (
    SELECT 1 FROM notifications_delivery s
    WHERE s.notification_id = v.notification_id AND s.recipient_id = v.recipient_id AND s.step = v.step
      AND (s.state IN ('pending', 'claimed', 'sending', 'unknown') OR s.succeeded))
RETURNING d.id, d.tenant_id, d.notification_id, d.channel, d.due_at
"""


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


def _place(written: Written) -> Place:
    delivery = written.move.delivery
    return Place(delivery.notification_id, delivery.recipient_id, delivery.step)


def _columns(places: Sequence[Place]) -> tuple[list[UUID], list[UUID], list[int]]:
    return [p.notification_id for p in places], [p.recipient_id for p in places], [p.step for p in places]
