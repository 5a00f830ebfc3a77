"""Look into the log: the timeline of a notification or of one delivery, oldest first."""

from uuid import UUID

from django.db.models import QuerySet

from events.models import Event


def timeline_of_notification(notification_id: UUID) -> QuerySet[Event]:
    """Everything that happened to a notification and all its deliveries."""
    return Event.objects.filter(notification_id=notification_id).order_by("id")


def timeline_of_delivery(delivery_id: UUID) -> QuerySet[Event]:
    """Everything that happened to one delivery."""
    return Event.objects.filter(delivery_id=delivery_id).order_by("id")
