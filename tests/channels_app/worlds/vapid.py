"""A browser's push service in every mood."""

from typing import Any

from channels_app.providers.vapid import Vapid
from channels_app.sandbox.push_identities import vapid_key
from channels_app.values import Account, Message
from tests.channels_app.providers.browsers import Browser
from tests.channels_app.url_world import UrlWorld, answered, body_of


class World(UrlWorld):
    provider, channel = "vapid", "web_push"
    yes = answered(201)

    def account(self) -> Account:
        config = Vapid.configure({"private_key": vapid_key(), "subject": "mailto:push@carillon.test"})
        return Account("vapid", "vapid", "web_push", "live", config)

    def message(self, **changes: Any) -> Message:
        self.browser = getattr(self, "browser", None) or Browser()
        return super().message(**{"endpoint_extra": {"keys": self.browser.keys}} | changes)

    def delivery_id(self, request: bytes) -> str:
        return str(self.browser.read(body_of(request))["data"]["carillon_delivery"])
