"""What the worlds of all HTTP providers have in common: one scripted server in every mood."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from channels_app.registry import providers
from channels_app.values import Account, Message
from tests.channels_app.messages import make_message
from tests.channels_app.scripted_http import DROP, SILENCE, Drip, ScriptedHttp, Taken, answer, scripted_http
from tests.channels_app.worlds import Mood

HOOK_URL = "https://shop.example/hooks/hook-token"
CHATTER = "slow down, ana@example.org; your key is s3cret-word"
CHATTY = {"message": CHATTER, "Message": CHATTER, "detail": CHATTER, "errors": [{"message": CHATTER}]}


class HttpWorld:
    """A subclass says what the provider's credentials and good answers are, and where messages hold our id."""

    moods = tuple(Mood)
    key: ClassVar[str]
    address: ClassVar[str] = "ben@example.org"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.server: ScriptedHttp | None = None
        self._answered = 0

    def credentials(self, url: str) -> dict[str, Any]:
        """What an operator would write; its secrets hold `s3cret-word`."""
        raise NotImplementedError

    def yes(self, taken: Taken) -> bytes:
        """A good answer that names messages after their deliveries, always alike."""
        raise NotImplementedError

    def delivery_ids(self, taken: Taken) -> list[str]:
        """The deliveries of a request, in their order."""
        raise NotImplementedError

    def busy(self) -> bytes:
        return answer(429, CHATTY, Retry_After="42")

    @contextmanager
    def enter(self, mood: Mood) -> Iterator[Account]:
        with scripted_http(lambda taken: self._reply(mood, taken)) as self.server:
            if mood is Mood.GONE:
                self.server.stop()
            provider = providers.get(self.key)
            config = provider.configure(self.credentials(self.server.url))
            yield Account(self.key, self.key, provider.channel, "live", config, HOOK_URL)

    def message(self, **changes: Any) -> Message:
        return make_message(providers.get(self.key).channel, **{"address": self.address} | changes)

    def taken(self) -> list[str]:
        assert self.server is not None
        return [id for taken in self.server.taken for id in self.delivery_ids(taken)]

    def _reply(self, mood: Mood, taken: Taken) -> Any:
        match mood:
            case Mood.SILENT:
                return SILENCE
            case Mood.LOST:
                return DROP
            case Mood.BUSY:
                return self.busy()
            case Mood.DRIP:
                return Drip(self.yes(taken))
            case Mood.GARBAGE:
                self._answered += 1
                nonsense = b"<html>ana@example.org \xff\xfe</html>"
                return answer(200, nonsense) if self._answered % 2 else nonsense * 50
            case _:
                return self.yes(taken)
