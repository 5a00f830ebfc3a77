"""Vonage in every mood."""

from typing import Any

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.http_world import HttpWorld


class World(HttpWorld):
    key = "vonage"
    address = "+14155550100"

    def credentials(self, url: str) -> dict[str, Any]:
        return {"api_key": "abcd", "api_secret": "s3cret-word", "sender": "Shop", "base_url": url}

    def yes(self, taken: Taken) -> bytes:
        return answer(202, {"message_uuid": self.delivery_ids(taken)[0]})

    def delivery_ids(self, taken: Taken) -> list[str]:
        return [taken.json["client_ref"]]
