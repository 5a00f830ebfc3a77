"""The realtime routes, for the ASGI application. Both are ASGI applications themselves, not Django views."""

from django.urls import path

from audience.realtime.sse import inbox_events
from audience.realtime.websocket import InboxConsumer

http_urlpatterns = [path("sse/inbox", inbox_events)]  # type: ignore[arg-type]
websocket_urlpatterns = [path("ws/inbox", InboxConsumer.as_asgi())]
