"""Routes of analytics, below `/api/v1/`."""

from django.urls import path

from analytics.api.engagement import Engagement
from analytics.api.experiments import ExperimentFigures
from analytics.api.summary import Summary

urlpatterns = [
    path("analytics/summary", Summary.as_view()),
    path("analytics/engagement", Engagement.as_view()),
    path("analytics/experiments/<str:key>", ExperimentFigures.as_view()),
]
