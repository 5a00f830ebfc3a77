"""Outside of the API, as short as can be: they stand in messages."""

from django.urls import path

from orchestrator.pages.tracking import follow, look

urlpatterns = [path("t/<str:token>", follow), path("o/<str:token>", look)]
