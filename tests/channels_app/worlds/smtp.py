"""SMTP servers of every mood."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from channels_app.providers.smtp import Smtp
from channels_app.values import Account, Message
from tests.channels_app.messages import make_message
from tests.channels_app.smtp_server import DROP, SILENCE, Drip, ScriptedServer, scripted
from tests.channels_app.worlds import Mood

ANSWERS: dict[Mood, dict[str, Any]] = {
    Mood.KIND: {},
    Mood.GARBAGE: {"greeting": b"\xff\xfe\x00 <html>\r\n" * 50},
    Mood.SILENT: {"mail": SILENCE},
    Mood.LOST: {"dot": DROP},
    Mood.BUSY: {"dot": "451 4.7.0 slow down, ana@example.org; retry_after=42"},
    Mood.GONE: {},
    Mood.DRIP: {"dot": Drip("250 2.0.0 Ok: queued")},
}


class World:
    moods = tuple(Mood)

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.server = ScriptedServer()

    @contextmanager
    def enter(self, mood: Mood) -> Iterator[Account]:
        with scripted(answers=ANSWERS[mood]) as self.server:
            if mood is Mood.GONE:
                self.server.stop()
            url = f"smtp://shop:s3cret-word@127.0.0.1:{self.server.port}?tls=none&from=shop@example.org"
            if mood is not Mood.GARBAGE:
                self.server.features = ("AUTH PLAIN",)
            yield Account("smtp", "smtp", "email", "live", Smtp.configure({"url": url}))

    def message(self, **changes: Any) -> Message:
        return make_message("email", **changes)

    def taken(self) -> list[str]:
        found = (line for mail in self.server.received for line in mail.data.split(b"\r\n"))
        return [line.decode().partition(": ")[2] for line in found if line.startswith(b"X-Carillon-Delivery-Id: ")]
