"""Mailgun in every mood."""

from typing import Any
from urllib.parse import parse_qs

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.mail_world import MailWorld


class World(MailWorld):
    key = "mailgun"

    def delivery_ids(self, taken: Taken) -> list[str]:
        return parse_qs(taken.body.decode())["h:X-Carillon-Delivery-Id"]

    def credentials(self, url: str) -> dict[str, Any]:
        return {"api_key": "s3cret-word", "sender": "Shop <shop@example.org>", "base_url": f"{url}/"}

    def yes(self, taken: Taken) -> bytes:
        return answer(200, {"id": f"<{self.delivery_ids(taken)[0]}@example.org>", "message": "Queued. Thank you."})
