"""Routes of the ledger, below `/api/v1/`."""

from django.urls import path

from notifications.api.bulk import NotificationsBulk
from notifications.api.deliveries import Deliveries, DeliveryTimeline, DeliveryView
from notifications.api.notifications import (
    NotificationCancel,
    NotificationDeliveries,
    Notifications,
    NotificationsCancel,
    NotificationTimeline,
    NotificationView,
)
from notifications.api.types import Type, Types

urlpatterns = [
    path("notifications", Notifications.as_view()),
    path("notifications/bulk", NotificationsBulk.as_view()),
    path("notifications/cancel", NotificationsCancel.as_view()),
    path("notifications/<uuid:id>", NotificationView.as_view()),
    path("notifications/<uuid:id>/deliveries", NotificationDeliveries.as_view()),
    path("notifications/<uuid:id>/timeline", NotificationTimeline.as_view()),
    path("notifications/<uuid:id>/cancel", NotificationCancel.as_view()),
    path("deliveries", Deliveries.as_view()),
    path("deliveries/<uuid:id>", DeliveryView.as_view()),
    path("deliveries/<uuid:id>/timeline", DeliveryTimeline.as_view()),
    path("types", Types.as_view()),
    path("types/<str:key>", Type.as_view()),
]
