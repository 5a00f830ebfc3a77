"""Webhook receivers of every mood."""

from tests.channels_app.url_world import UrlWorld, header_of


class World(UrlWorld):
    provider, channel = "http_webhook", "webhook"

    def delivery_id(self, request: bytes) -> str:
        return header_of(request, "webhook-id")
