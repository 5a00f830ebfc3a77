"""Amazon SES in every mood."""

from typing import Any

from tests.channels_app.scripted_http import Taken, answer
from tests.channels_app.worlds.sns import AWS, AwsWorld


class World(AwsWorld):
    key, service = "ses", "sesv2"

    def credentials(self, url: str) -> dict[str, Any]:
        return {**AWS, "sender": "Shop <shop@example.org>", "base_url": url}

    def yes(self, taken: Taken) -> bytes:
        return answer(200, {"MessageId": self.delivery_ids(taken)[0]})

    def delivery_ids(self, taken: Taken) -> list[str]:
        return [tag["Value"] for tag in taken.json["EmailTags"]]
