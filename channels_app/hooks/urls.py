"""Where providers call, outside of the API."""

from django.urls import path

from channels_app.hooks.views import hook

urlpatterns = [path("hooks/<str:token>", hook)]
