"""Routes of analytics, below `/api/v1/`."""

from django.urls import path

from analytics.api.summary import Summary

urlpatterns = [path("analytics/summary", Summary.as_view())]
