"""Twilio in every mood."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.http_world import HttpWorld


class World(HttpWorld):
    key = "twilio"
    address = "+14155550100"

    def credentials(self, url: str) -> dict[str, Any]:
        return {"account_sid": "AC1", "auth_token": "s3cret-word", "sender": "+15005550006", "base_url": url}

    def yes(self, taken: Taken) -> bytes:
        return answer(201, {"sid": f"SM{self.delivery_ids(taken)[0]}", "status": "queued"})

    def delivery_ids(self, taken: Taken) -> list[str]:
        callback = parse_qs(taken.body.decode())["StatusCallback"][0]
        return parse_qs(urlsplit(callback).query)["carillon_delivery"]
