"""What lists of notifications and deliveries can be narrowed by."""

from datetime import UTC, datetime
from uuid import UUID

import django_filters
from django.db.models import QuerySet

from audience.models import Recipient
from kernel.clock import now
from kernel.ids import lowest
from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification, NotificationType
from notifications.rules.states import NotificationStatus
from notifications.selectors import with_status
from notifications.values import PRIORITY_NUMBER

DELIVERY_STATUSES = (
    "pending",
    "queued",
    "waiting",
    "sending",
    "sent",
    "delivered",
    "unknown",
    "failed",
    "bounced",
    "skipped",
    "cancelled",
    "expired",
    "unsubscribed",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _same(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


class CreatedFilter(django_filters.FilterSet):
    """Rows by when their notification was accepted, to the millisecond: ids carry that moment, so the months in between
    are all that is looked at."""

    created_after = django_filters.IsoDateTimeFilter(method="not_before", help_text="accepted at this moment or later")
    created_before = django_filters.IsoDateTimeFilter(method="before", help_text="accepted before this moment")
    created_from = django_filters.IsoDateTimeFilter(method="not_before", help_text="the same as `created_after`")
    created_to = django_filters.IsoDateTimeFilter(method="before", help_text="the same as `created_before`")

    def not_before(self, rows: QuerySet, _name: str, moment: datetime) -> QuerySet:
        return rows.filter(id__gte=lowest(max(moment, _EPOCH)))

    def before(self, rows: QuerySet, _name: str, moment: datetime) -> QuerySet:
        return rows.filter(id__lt=lowest(max(moment, _EPOCH)))


class TypeFilter(django_filters.FilterSet):
    """Types by what they are for."""

    category = django_filters.CharFilter()
    priority = django_filters.ChoiceFilter(choices=_same(tuple(PRIORITY_NUMBER)), method="by_priority")

    class Meta:
        model = NotificationType
        fields: tuple[str, ...] = ()

    def by_priority(self, rows: QuerySet[NotificationType], _name: str, word: str) -> QuerySet[NotificationType]:
        return rows.filter(priority=PRIORITY_NUMBER[word])


class NotificationFilter(CreatedFilter):
    """Notifications by what was asked and how they stand."""

    type = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=_same(tuple(NotificationStatus)))
    priority = django_filters.ChoiceFilter(choices=_same(tuple(PRIORITY_NUMBER)), method="by_priority")
    recipient = django_filters.CharFilter(
        method="by_recipient", help_text="your own id of a person who is written to, or will be when it is due"
    )
    correlation_id = django_filters.CharFilter()
    cancellation_key = django_filters.CharFilter()
    tag = django_filters.CharFilter(field_name="tags", method="by_tag")
    mode = django_filters.ChoiceFilter(choices=_same(("live", "test")))

    class Meta:
        model = Notification
        fields: tuple[str, ...] = ()

    def by_priority(self, rows: QuerySet[Notification], _name: str, word: str) -> QuerySet[Notification]:
        return rows.filter(priority=PRIORITY_NUMBER[word])

    def by_tag(self, rows: QuerySet[Notification], _name: str, tag: str) -> QuerySet[Notification]:
        return rows.filter(tags__contains=[tag])

    def by_recipient(self, rows: QuerySet[Notification], _name: str, external_id: str) -> QuerySet[Notification]:
        id = _recipient_id(external_id)
        if id is None:
            return rows.none()
        planned = Delivery.objects.filter(recipient_id=id).order_by().values("notification_id")
        to_come = Notification.objects.filter(due_at__gt=AT_ONCE, recipients__contains=[{"id": str(id)}])
        return rows.filter(id__in=planned.union(to_come.order_by().values("id"), all=True))


class DeliveryOfNotificationFilter(django_filters.FilterSet):
    """Deliveries by how they stand, where they go and to whom."""

    status = django_filters.ChoiceFilter(choices=_same(DELIVERY_STATUSES), method="by_status")
    channel = django_filters.CharFilter()
    recipient = django_filters.CharFilter(method="by_recipient", help_text="your own id of the person")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()

    def by_status(self, rows: QuerySet[Delivery], _name: str, status: str) -> QuerySet[Delivery]:
        return rows.filter(with_status(status, at=now()))

    def by_recipient(self, rows: QuerySet[Delivery], _name: str, external_id: str) -> QuerySet[Delivery]:
        id = _recipient_id(external_id)
        return rows.none() if id is None else rows.filter(recipient_id=id)


class DeliveryFilter(DeliveryOfNotificationFilter, CreatedFilter):
    """Deliveries across notifications."""

    provider = django_filters.CharFilter()
    reason = django_filters.CharFilter()
    notification = django_filters.UUIDFilter(field_name="notification_id")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()


def _recipient_id(external_id: str) -> UUID | None:
    """Whom the tenant, whose scope this runs in, calls so."""
    return Recipient.objects.filter(external_id=external_id).values_list("id", flat=True).first()
