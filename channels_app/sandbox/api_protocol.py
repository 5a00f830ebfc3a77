"""What the APIs of providers have in common: one route that takes a message, and keys that are honoured."""

import base64
import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, ClassVar

from aiohttp import web

from channels_app.sandbox.http import Refusal, take
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

SHOWN_HEADERS = ("content-type", "user-agent", "idempotency-key", "traceparent")
MAX_KEY_CHARS = 256


class Wrong(Exception):
    """A request that this provider would turn away whatever the behaviours; `response` is in its own words."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


class ApiProtocol(Protocol):
    """An API that takes one message per call. A subclass reads it and answers in the words of its provider."""

    channel: ClassVar[str]
    path: ClassVar[str]  # of its route, under /<key>
    world: World

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """One route that takes messages."""
        self.world = world
        return (web.post(f"/{self.key}{self.path}", self.receive),)

    @abstractmethod
    def read(self, request: web.Request, body: bytes) -> Message:
        """The message of a request; `payload["id"]` is the provider's name for it. Raises Wrong."""

    @abstractmethod
    def yes(self, message: Message) -> web.Response:
        """The answer to a message that is accepted."""

    @abstractmethod
    def no(self, status: int) -> web.Response:
        """The answer when a message is turned away, in the provider's own format."""

    def key_of(self, request: web.Request, body: bytes) -> str:
        """The idempotency key of a request; "" where it has none or the provider knows no such thing."""
        return ""

    def again(self, kept: str) -> web.Response:
        """The answer to the same request under the same key: the same answer."""
        return web.Response(text=kept, content_type="application/json")

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take one call."""
        body = await request.read()
        try:
            message = self.read(request, body)
        except Wrong as wrong:
            return wrong.response
        key = self.key_of(request, body)[:MAX_KEY_CHARS]
        if key and (again := self._again(key, body)):
            return again

        def yes(_: tuple[str, ...]) -> web.Response:
            answer = self.yes(message)
            if key:
                self._keep(key, body, answer)
            return answer

        return await take(request, message, world=self.world, yes=yes, no=self.refused)

    def refused(self, refusal: Refusal) -> web.Response:
        """The same, where more than the status counts."""
        return self.no(refusal.status)

    def _again(self, key: str, body: bytes) -> web.Response | None:
        """The answer that was given to this key; another message under it is a conflict."""
        kept = self.world.ledger.answer_of(self.key, key)
        if kept is None:
            return None
        if kept[0] != sha256(body).hexdigest():
            return self.no(409)
        return self.again(kept[1])

    def _keep(self, key: str, body: bytes, answer: web.Response) -> None:
        digest, told = sha256(body).hexdigest(), str(answer.text)
        self.world.ledger.keep_answer(self.key, key, request=digest, answer=told, at=self.world.now())


def basic_of(request: web.Request) -> str:
    """`user:password` of HTTP basic authentication, "" without one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        return base64.b64decode(value).decode() if scheme.lower() == "basic" else ""
    except ValueError:
        return ""


def shown_headers(request: web.Request) -> Mapping[str, str | list[str]]:
    """The headers worth keeping: what a provider would show, without credentials."""
    return {name: value for name, value in request.headers.items() if name.lower() in SHOWN_HEADERS}


def json_of(body: bytes) -> Any:
    """The JSON of a request; `None` when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
