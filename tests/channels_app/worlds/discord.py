"""Rooms of Discord in every mood."""

from tests.channels_app.url_world import UrlWorld, header_of


class World(UrlWorld):
    provider, channel, kind = "discord", "chat", "discord"

    def delivery_id(self, request: bytes) -> str:
        return header_of(request, "x-carillon-delivery-id")
