"""The realtime door: WebSockets and server-sent events. The API itself is served by WSGI."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

from config.processes import REALTIME, enter
from config.start import refuse_what_cannot_work

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
enter(REALTIME)

http = get_asgi_application()  # loads the apps, so what needs them is imported below
refuse_what_cannot_work()

from audience.realtime.routes import http_urlpatterns, websocket_urlpatterns  # noqa: E402

# Streams are ASGI applications beside Django's handler, which would keep a thread for each of them.
application = ProtocolTypeRouter(
    {
        "http": URLRouter([*http_urlpatterns, re_path("", http)]),  # type: ignore[arg-type]
        "websocket": URLRouter(websocket_urlpatterns),
    }
)
