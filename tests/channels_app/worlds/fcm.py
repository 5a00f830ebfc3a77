"""Google in every mood: it gives tokens gladly, and its messages are what the mood says."""

import json
from typing import Any

from channels_app.sandbox import push_identities
from channels_app.values import Message
from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds import Mood
from tests.channels_app.worlds.http_world import HttpWorld


class World(HttpWorld):
    key = "fcm"
    address = "device-token"

    def credentials(self, url: str) -> dict[str, Any]:
        file = json.loads(push_identities.fcm_service_account(f"{url}/token")) | {"note": "s3cret-word"}
        return {"service_account": file, "base_url": f"{url}/v1/projects"}

    def yes(self, taken: Taken) -> bytes:
        return answer(200, {"name": f"projects/p/messages/{self.delivery_ids(taken)[0]}"})

    def delivery_ids(self, taken: Taken) -> list[str]:
        return [taken.json["message"]["data"]["carillon_delivery"]] if taken.target != "/token" else []

    def message(self, **changes: Any) -> Message:
        return super().message(**{"kind": "fcm"} | changes)

    def _reply(self, mood: Mood, taken: Taken) -> Any:
        if taken.target == "/token":
            return answer(200, {"access_token": "s3cret-word", "expires_in": 3600})
        return super()._reply(mood, taken)
