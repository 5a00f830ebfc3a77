"""Postmark in every mood."""

from typing import Any

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.http_world import HttpWorld


class World(HttpWorld):
    key = "postmark"

    def credentials(self, url: str) -> dict[str, Any]:
        return {"server_token": "s3cret-word", "sender": "Shop <shop@example.org>", "base_url": f"{url}/"}

    def yes(self, taken: Taken) -> bytes:
        told = [
            {"MessageID": id, "ErrorCode": 0, "Message": "OK", "To": self.address} for id in self.delivery_ids(taken)
        ]
        return answer(200, told if isinstance(taken.json, list) else told[0])

    def delivery_ids(self, taken: Taken) -> list[str]:
        mails = taken.json if isinstance(taken.json, list) else [taken.json]
        headers = (item for mail in mails for item in mail["Headers"])
        return [item["Value"] for item in headers if item["Name"] == "X-Carillon-Delivery-Id"]
