"""The one route of the naive build."""

from django.urls import path

from config.bench.naive.views import Notifications

urlpatterns = [path("notifications", Notifications.as_view())]
