"""Postmark in every mood."""

from typing import Any

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.mail_world import MailWorld


class World(MailWorld):
    key = "postmark"
    headers_in = "Headers"

    def credentials(self, url: str) -> dict[str, Any]:
        return {"server_token": "s3cret-word", "sender": "Shop <shop@example.org>", "base_url": f"{url}/"}

    def yes(self, taken: Taken) -> bytes:
        return answer(
            200, {"MessageID": self.delivery_ids(taken)[0], "ErrorCode": 0, "Message": "OK", "To": taken.json["To"]}
        )
