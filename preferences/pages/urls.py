"""Where people land from their messages, outside of the API."""

from django.urls import path

from preferences.pages.centre import preference_centre
from preferences.pages.unsubscribe import unsubscribe_page

urlpatterns = [path("u/<str:token>", unsubscribe_page), path("p/<str:token>", preference_centre)]
