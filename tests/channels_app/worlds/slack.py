"""Rooms of Slack in every mood."""

from tests.channels_app.url_world import UrlWorld, header_of


class World(UrlWorld):
    provider, channel, kind = "slack", "chat", "slack"

    def delivery_id(self, request: bytes) -> str:
        return header_of(request, "x-carillon-delivery-id")
