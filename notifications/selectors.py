"""Look into the ledger: types, notifications, deliveries, and how a notification stands. Inside a tenant's scope."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from events.models import Event
from events.selectors import timeline_of_delivery, timeline_of_notification
from kernel.ids import id_range
from notifications.models import Attempt, Delivery, Notification, NotificationType, Tally
from notifications.rules.policy import TypePolicy, policy_in
from notifications.rules.requests import TypeFacts
from notifications.rules.states import BROKEN, FANOUT, DeliveryState, public_status

# Beyond so many, deliveries that wait count as queued and opt-outs as skipped: telling them apart means reading them.
MOST_READ = 100_000
_READ = (DeliveryState.PENDING, DeliveryState.SKIPPED, DeliveryState.UNKNOWN, DeliveryState.EXPIRED, *BROKEN)
_TROUBLE = frozenset((DeliveryState.PENDING, DeliveryState.UNKNOWN, DeliveryState.EXPIRED, *BROKEN))

_GROUPS = """
SELECT state, reason, due_at IS NULL OR due_at <= %s, coalesce(error ->> 'code', ''), count(*),
  max(coalesce(failed_at, created_at))
FROM (SELECT state, reason, due_at, error, failed_at, created_at FROM notifications_delivery
      WHERE notification_id = %s AND tenant_id = %s AND id >= %s AND id < %s AND state = ANY (%s) LIMIT %s) AS read
GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class TroubleCount:
    """A reason for which deliveries did not go out (yet), how many, and when the last of them failed."""

    reason: str
    code: str
    count: int
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How the deliveries of a notification stand: numbers by public status, and what went wrong, latest first."""

    counts: Mapping[str, int]
    troubles: tuple[TroubleCount, ...]


def types_of(tenant_id: UUID) -> QuerySet[NotificationType]:
    """Every notification type of a tenant."""
    return NotificationType.objects.filter(tenant_id=tenant_id)


def type_facts(tenant_id: UUID, keys: Collection[str]) -> dict[str, TypeFacts]:
    """What the notification types of these keys say, by key; unknown ones are missing."""
    if not keys:
        return {}
    return {
        row.key: TypeFacts(
            key=row.key,
            category=row.category,
            priority=row.priority,
            strategy=row.strategy,
            channels=tuple(row.channels),
            template=row.template,
            ttl=timedelta(seconds=row.ttl_seconds),
            unknown_policy=row.unknown_policy,
        )
        for row in types_of(tenant_id).filter(key__in=keys)
    }


def policies_of(wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], TypePolicy]:
    """What types ask of decisions, by (tenant, key), in one statement; those that ask for nothing are missing."""
    named = {(tenant_id, key) for tenant_id, key in wanted if key}
    if not named:
        return {}
    rows = NotificationType.objects.filter(
        tenant_id__in={tenant_id for tenant_id, _ in named}, key__in={key for _, key in named}
    )
    return {
        (tenant_id, key): policy_in(policy)
        for tenant_id, key, policy in rows.exclude(policy={}).order_by().values_list("tenant_id", "key", "policy")
        if (tenant_id, key) in named
    }


def notifications_of(tenant_id: UUID) -> QuerySet[Notification]:
    """Every notification of a tenant, without what only planning and sending need."""
    return Notification.objects.filter(tenant_id=tenant_id).defer("content", "recipients")


def deliveries_of(tenant_id: UUID) -> QuerySet[Delivery]:
    """Every delivery of a tenant."""
    return Delivery.objects.filter(tenant_id=tenant_id).defer("data")


def deliveries_of_notification(notification: Notification) -> QuerySet[Delivery]:
    """The deliveries of one notification. Their ids lie within the millisecond of its own: one index range."""
    low, high = id_range((notification.id,))
    rows = deliveries_of(notification.tenant_id)
    return rows.filter(notification_id=notification.id, id__gte=low, id__lt=high)


def attempts_of(delivery: Delivery) -> list[Attempt]:
    """The provider calls of a delivery, first to last."""
    low, high = id_range((delivery.id,))
    rows = Attempt.objects.filter(delivery_id=delivery.id, tenant_id=delivery.tenant_id, id__gte=low, id__lt=high)
    return list(rows.order_by("number"))


def events_of_notification(notification: Notification) -> QuerySet[Event]:
    """Everything that happened to a notification and its deliveries."""
    low, _ = id_range((notification.id,))
    return timeline_of_notification(notification.id).filter(tenant_id=notification.tenant_id, id__gte=low)


def events_of_delivery(delivery: Delivery) -> QuerySet[Event]:
    """Everything that happened to a delivery."""
    low, _ = id_range((delivery.id,))
    return timeline_of_delivery(delivery.id).filter(tenant_id=delivery.tenant_id, id__gte=low)


def with_status(status: str, *, at: datetime) -> Q:
    """Deliveries that the API shows with `status` at `at`; `pending` are all that were not begun."""
    not_due = Q(due_at__gt=at)
    match status:
        case "pending":
            return Q(state="pending")
        case "queued":
            return Q(state="claimed") | (Q(state="pending") & ~not_due)
        case "waiting":
            return Q(state="pending") & not_due
        case "failed":
            return Q(state__in=("failed", "dead"))
        case "skipped":
            return Q(state="skipped") & ~Q(reason="unsubscribed")
        case "unsubscribed":
            return Q(state="skipped", reason="unsubscribed")
    return Q(state=status)


def state_counts(notifications: Collection[Notification]) -> dict[UUID, dict[str, int]]:
    """The number of deliveries in each state, by notification, in two queries: kept for large ones, else counted."""
    large = {row.id for row in notifications if row.recipient_count >= FANOUT}
    kept = _kept_counts(large)
    counted = [row.id for row in notifications if row.id not in kept]
    low, high = id_range(counted)
    rows = Delivery.objects.filter(notification_id__in=counted, id__gte=low, id__lt=high)
    found: dict[UUID, dict[str, int]] = {row.id: {} for row in notifications} | kept
    for id, state, number in rows.order_by().values_list("notification_id", "state").annotate(number=Count("id")):
        found[id][state] = number
    return found


def standing_of(notification: Notification, *, at: datetime) -> Standing:
    """How its deliveries stand at `at`. Numbers of large ones are kept, so only what they cannot tell is read."""
    kept = _kept_counts([notification.id]).get(notification.id) if notification.recipient_count >= FANOUT else None
    wanted = list(DeliveryState) if kept is None else [state for state in _READ if kept.get(state)]
    counts: Counter[str] = Counter()
    read: Counter[str] = Counter()
    troubles: dict[tuple[str, str], TroubleCount] = {}
    for state, reason, due, code, number, latest_at in _groups(notification, wanted, at=at):
        counts[public_status(state, reason=reason, due=due)] += number
        read[state] += number
        if reason and state in _TROUBLE:
            before = troubles.get((reason, code), TroubleCount(reason, code, 0, latest_at))
            latest = max(before.latest_at, latest_at)
            troubles[reason, code] = TroubleCount(reason, code, before.count + number, latest)
    for state, number in (kept or {}).items():
        counts[public_status(state, reason="", due=True)] += max(number - read[state], 0)
    latest_first = sorted(troubles.values(), key=lambda trouble: trouble.latest_at, reverse=True)
    return Standing(counts={name: number for name, number in counts.items() if number}, troubles=tuple(latest_first))


def _kept_counts(ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """The tallies of those notifications that have any."""
    found: dict[UUID, dict[str, int]] = {}
    if ids:
        rows = Tally.objects.filter(notification_id__in=ids).order_by()
        for id, state, number in rows.values_list("notification_id", "state").annotate(number=Sum("count")):
            found.setdefault(id, {})[state] = number
    return found


def _groups(notification: Notification, states: Collection[str], *, at: datetime) -> list[tuple[Any, ...]]:
    if not states:
        return []
    low, high = id_range((notification.id,))
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, (at, notification.id, notification.tenant_id, low, high, list(states), MOST_READ))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
