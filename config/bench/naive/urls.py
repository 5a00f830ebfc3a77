"""The routes of the naive build."""

from django.urls import path

from config.bench.naive.hooks import hook
from config.bench.naive.views import ManyNotifications, Notifications

urlpatterns = [
    path("notifications", Notifications.as_view()),
    path("notifications/bulk", ManyNotifications.as_view()),
    path("hooks", hook),
]
