"""Call back what has not been handed to a provider: deliveries that wait or are merely claimed, and plans to come.

Notifications are locked before deliveries, so a page that is being planned is either seen here or loses its lease.
Deliveries that a worker is writing at this moment are passed over and looked at again a moment later, never waited for:
it may be waiting for the notification itself. What slips through all looks, and what is beyond `MOST_STOPPED`, is
stopped by `stop_left_over`, or by the send step, which reads the notification's `reason`.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from events.services import record
from events.values import NewEvent
from kernel.ids import id_range
from notifications.catalogue import retract
from notifications.models import Delivery, Notification
from notifications.rules.states import FINISHED, DeliveryState, NotificationStatus, status_of
from notifications.selectors import state_counts
from tenants.scope import tenant_scope

REASON = "cancelled"
MOST_EVENTS = 1_000  # of so many deliveries each gets a line in the log; beyond it all of a notification share one
MOST_STOPPED = 50_000  # deliveries in one transaction: some seconds
MOST_LEFT_OVER = 1_000  # notifications looked at in one round
LOOKS = 5
PAUSE_SECONDS = 0.01  # about as long as a worker's write takes

_NEEDED = ("id", "tenant_id", "status", "reason", "recipient_count")
_STOPPABLE = (DeliveryState.PENDING, DeliveryState.CLAIMED)

# By key list, so that no plan reads the whole table; SKIP LOCKED needs the inner SELECT.
_STOP = """
WITH chosen AS MATERIALIZED (
  SELECT id, state FROM notifications_delivery
  WHERE notification_id = ANY (%(ids)s) AND tenant_id = ANY (%(tenants)s) AND id >= %(low)s AND id < %(high)s
    AND state IN ('pending', 'claimed')
  LIMIT %(most)s
  FOR UPDATE SKIP LOCKED
), stopped AS (
  UPDATE notifications_delivery SET state = 'cancelled', reason = %(reason)s, wait_reason = '', due_at = NULL,
    lease_until = NULL, lease_epoch = lease_epoch + 1
  WHERE id = ANY (ARRAY(SELECT id FROM chosen))
  RETURNING id, notification_id, channel
)
SELECT stopped.id, stopped.notification_id, stopped.channel, chosen.state FROM stopped JOIN chosen USING (id)
"""

_CLOSE = """
UPDATE notifications_notification n SET
  status = v.status, reason = %(reason)s, due_at = NULL, lease_until = NULL, lease_epoch = lease_epoch + 1,
  planned_at = CASE WHEN v.finished THEN n.planned_at ELSE coalesce(n.planned_at, %(at)s) END,
  finished_at = CASE WHEN v.finished THEN %(at)s END
FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(finished)s::boolean[]) AS v (id, status, finished)
WHERE n.id = v.id
"""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How a cancelled notification stands now, and how many of its deliveries are cancelled."""

    id: UUID
    status: str
    cancelled: int


@dataclass(frozen=True, slots=True)
class TooLate:
    """The notification had finished before anybody called it back."""

    id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class _Stopped:
    """A delivery that was called back, and the state that it was in."""

    id: UUID
    channel: str
    was: str


def cancel(*, tenant_id: UUID, ids: Collection[UUID], actor: str, at: datetime) -> list[Cancelled | TooLate]:
    """Cancel these notifications; those that are not there or not the tenant's are missing from the answer.

    Cancelling again gives the same answer. A notification stays `processing` until its deliveries at a provider have
    ended, and those beyond `MOST_STOPPED` are stopped.
    """
    with tenant_scope(tenant_id):
        taken = retract(ids, tenant_id=tenant_id, actor=actor, at=at)  # first: planners lock digests first, too
        done = _cancel(_locked(tenant_id, Q(id__in=ids)), actor=actor, at=at)
        return [_with(answer, taken.get(answer.id, 0)) for answer in done]


def cancel_by_key(*, tenant_id: UUID, cancellation_key: str, actor: str, at: datetime) -> list[Cancelled]:
    """Cancel every notification with this cancellation key that has not finished; empty when there is none."""
    named = Q(cancellation_key=cancellation_key)
    with tenant_scope(tenant_id):
        known = Notification.objects.filter(named, tenant_id=tenant_id).order_by("id").values_list("id", flat=True)
        taken = retract(list(known), tenant_id=tenant_id, actor=actor, at=at)
        rows = _locked(tenant_id, named & (~Q(status__in=FINISHED) | Q(id__in=taken)))
        done = (_with(answer, taken.get(answer.id, 0)) for answer in _cancel(rows, actor=actor, at=at))
        return [answer for answer in done if isinstance(answer, Cancelled)]


def _with(answer: Cancelled | TooLate, retracted: int) -> Cancelled | TooLate:
    """The answer, when something of the notification that waited to be told later was called back as well."""
    if not retracted:
        return answer
    before = answer.cancelled if isinstance(answer, Cancelled) else 0
    return Cancelled(answer.id, answer.status, before + retracted)


def stop_left_over(*, at: datetime) -> int:
    """Stop what cancelling has left of any tenant's notifications; returns how many deliveries. In a worker's scope."""
    with transaction.atomic():
        rows = Notification.objects.filter(status=NotificationStatus.PROCESSING, reason=REASON).order_by("id")
        locked = list(rows.only(*_NEEDED).select_for_update(no_key=True, skip_locked=True)[:MOST_LEFT_OVER])
        counts = state_counts(locked)
        left = [row for row in locked if any(counts[row.id].get(state) for state in _STOPPABLE)]
        before = sum(counts[row.id].get(DeliveryState.CANCELLED, 0) for row in left)
        done = _cancel(left, actor="", at=at)
        return sum(answer.cancelled for answer in done if isinstance(answer, Cancelled)) - before


def _locked(tenant_id: UUID, which: Q) -> list[Notification]:
    """In the order of their ids, so that two that cancel the same ones wait for each other instead of locking up."""
    rows = Notification.objects.filter(which, tenant_id=tenant_id).order_by("id").select_for_update(no_key=True)
    return list(rows.only(*_NEEDED))


def _cancel(rows: Sequence[Notification], *, actor: str, at: datetime) -> list[Cancelled | TooLate]:
    at_work = [row for row in rows if row.status not in FINISHED]
    called_back = [row for row in rows if row.status not in FINISHED or row.reason == REASON]
    stopped = _stop(at_work)
    counts = state_counts(called_back)
    stands = {row.id: _status(counts[row.id]) for row in at_work}

    news = [row for row in at_work if row.reason != REASON or stopped[row.id] or stands[row.id] != row.status]
    _close({row.id: stands[row.id] for row in news}, at=at)
    record(
        [
            event
            for row in news
            for event in _events(row, stopped[row.id], stands[row.id], counts=counts[row.id], actor=actor, at=at)
        ]
    )
    return [
        Cancelled(row.id, stands.get(row.id, row.status), counts[row.id].get(DeliveryState.CANCELLED, 0))
        if row.id in counts
        else TooLate(row.id, row.status)
        for row in rows
    ]


def _status(counts: Mapping[str, int]) -> NotificationStatus:
    return status_of(counts) if any(counts.values()) else NotificationStatus.CANCELLED


def _stop(rows: Sequence[Notification]) -> dict[UUID, list[_Stopped]]:
    stopped: dict[UUID, list[_Stopped]] = {row.id: [] for row in rows}
    if not rows:
        return stopped
    ids, tenants, (low, high) = list(stopped), list({row.tenant_id for row in rows}), id_range(stopped.keys())
    room = MOST_STOPPED
    for look in range(LOOKS):
        if look:
            time.sleep(PAUSE_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(
                _STOP, {"ids": ids, "tenants": tenants, "low": low, "high": high, "reason": REASON, "most": room}
            )
            found = cursor.fetchall()
        for id, notification_id, channel, was in found:
            stopped[notification_id].append(_Stopped(id, channel, was))
        room -= len(found)
        left = Delivery.objects.filter(notification_id__in=ids, id__gte=low, id__lt=high, state__in=_STOPPABLE)
        if not room or not left.exists():
            break
    return stopped


def _close(became: Mapping[UUID, NotificationStatus], *, at: datetime) -> None:
    """Write how the notifications stand; no plan goes on, whoever holds its lease."""
    if not became:
        return
    statuses = list(became.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "reason": REASON,
                "at": at,
                "ids": list(became),
                "statuses": [str(status) for status in statuses],
                "finished": [status in FINISHED for status in statuses],
            },
        )


def _events(
    row: Notification,
    stopped: Sequence[_Stopped],
    status: NotificationStatus,
    *,
    counts: Mapping[str, int],
    actor: str,
    at: datetime,
) -> Iterator[NewEvent]:
    def told(kind: str, detail: Mapping[str, Any], *, delivery_id: UUID | None = None) -> NewEvent:
        return NewEvent(row.tenant_id, kind, at, row.id, delivery_id, REASON, detail, actor)

    if row.reason != REASON:
        yield told("notification.cancelled", {"cancelled": len(stopped), "status": str(status)})
    if len(stopped) > MOST_EVENTS:
        channels = Counter(delivery.channel for delivery in stopped)
        yield told("deliveries.cancelled", {"count": len(stopped), "channels": dict(channels)})
    else:
        for delivery in stopped:
            detail = {"from": delivery.was, "to": "cancelled", "channel": delivery.channel}
            yield told("delivery.moved", detail, delivery_id=delivery.id)
    if status in FINISHED and status is not NotificationStatus.CANCELLED:
        yield told(f"notification.{status}", {"deliveries": counts})
