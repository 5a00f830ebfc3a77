"""Notifications that are not planned any more: expired while they waited, or deadly to the workers that tried."""

from collections.abc import Sequence

from django.db import connection, transaction

from events.services import record
from events.values import NewEvent
from orchestrator.rules.outcomes import MAX_CRASHES
from orchestrator.values import ClaimedNotification

_END = """
UPDATE notifications_notification n SET status = v.status, reason = v.reason, finished_at = now(), due_at = NULL,
  lease_until = NULL
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[]) AS v (id, epoch, status, reason)
WHERE n.id = v.id AND n.lease_epoch = v.epoch AND n.status NOT IN ('completed', 'failed', 'cancelled', 'expired')
RETURNING n.id
"""


def set_aside(claimed: Sequence[ClaimedNotification]) -> list[ClaimedNotification]:
    """End those of the claimed that must not be planned; returns the others."""
    ends = {n.id: end for n in claimed if (end := _end_of(n))}
    if ends:
        gone = [n for n in claimed if n.id in ends]
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    _END,
                    (
                        [n.id for n in gone],
                        [n.lease_epoch for n in gone],
                        [ends[n.id][0] for n in gone],
                        [ends[n.id][1] for n in gone],
                    ),
                )
                written = {notification_id for (notification_id,) in cursor.fetchall()}
            record(
                [
                    NewEvent(n.tenant_id, f"notification.{ends[n.id][0]}", n.at, n.id, reason=ends[n.id][1])
                    for n in gone
                    if n.id in written
                ]
            )
    return [n for n in claimed if n.id not in ends]


def _end_of(notification: ClaimedNotification) -> tuple[str, str] | None:
    """(status, reason) at which the notification ends here; `None`: plan it."""
    if notification.crashes >= MAX_CRASHES:
        return "failed", "poison"
    # Once some are planned, everybody gets a delivery: those that are too late expire one by one.
    begun = bool(notification.plan_position)
    if not begun and notification.expires_at is not None and notification.expires_at <= notification.at:
        return "expired", "expired"
    return None
