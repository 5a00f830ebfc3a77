"""OneSignal in every mood."""

from typing import Any

from channels_app.values import Message
from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.http_world import HttpWorld


class World(HttpWorld):
    key = "onesignal"
    address = "subscription"

    def credentials(self, url: str) -> dict[str, Any]:
        return {"app_id": "app", "api_key": "s3cret-word", "base_url": url}

    def yes(self, taken: Taken) -> bytes:
        return answer(200, {"id": self.delivery_ids(taken)[0]})

    def delivery_ids(self, taken: Taken) -> list[str]:
        return [taken.json["data"]["carillon_delivery"]]

    def message(self, **changes: Any) -> Message:
        return super().message(**{"kind": "onesignal"} | changes)
