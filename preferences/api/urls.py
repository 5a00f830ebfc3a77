"""Routes of wishes, below `/api/v1/`."""

from django.urls import path

from preferences.api.recipient_preferences import RecipientPreferences

urlpatterns = [path("recipients/<str:external_id>/preferences", RecipientPreferences.as_view())]
