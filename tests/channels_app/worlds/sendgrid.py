"""SendGrid in every mood."""

from typing import Any

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.mail_world import MailWorld


class World(MailWorld):
    key = "sendgrid"

    def credentials(self, url: str) -> dict[str, Any]:
        return {"api_key": "s3cret-word", "sender": "Shop <shop@example.org>", "base_url": f"{url}/"}

    def yes(self, taken: Taken) -> bytes:
        return answer(202, b"", X_Message_Id=self.delivery_ids(taken)[0])
