"""Routes of analytics, below `/api/v1/`."""

from django.urls import path

from analytics.api.breakdowns import Channels, Strategies, Types
from analytics.api.conversions import Conversions
from analytics.api.costs import Costs
from analytics.api.engagement import Engagement
from analytics.api.experiments import ExperimentFigures
from analytics.api.recommendations import Recommendations
from analytics.api.summary import Summary

urlpatterns = [
    path("analytics/summary", Summary.as_view()),
    path("analytics/channels", Channels.as_view()),
    path("analytics/types", Types.as_view()),
    path("analytics/strategies", Strategies.as_view()),
    path("analytics/costs", Costs.as_view()),
    path("analytics/conversions", Conversions.as_view()),
    path("analytics/engagement", Engagement.as_view()),
    path("analytics/experiments/<str:key>", ExperimentFigures.as_view()),
    path("analytics/recommendations", Recommendations.as_view()),
]
