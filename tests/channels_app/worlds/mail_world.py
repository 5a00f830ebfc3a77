"""What the worlds of all e-mail APIs have in common: our id is in a header of the mail."""

from typing import Any

from tests.channels_app.scripted_http import Taken
from tests.channels_app.worlds.http_world import HttpWorld


class MailWorld(HttpWorld):
    headers_in = "headers"

    def delivery_ids(self, taken: Taken) -> list[str]:
        found: Any = taken.json[self.headers_in]
        headers = {item["Name"]: item["Value"] for item in found} if isinstance(found, list) else found
        return [headers["X-Carillon-Delivery-Id"]]
