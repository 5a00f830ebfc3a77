"""Chat rooms of the sandbox: what Slack, Teams and Discord have in common when they take a message."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from aiohttp import web

from channels_app.sandbox.http import Refusal, take
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

CHANNEL = "chat"
DELIVERY_HEADER = "X-Carillon-Delivery-Id"


class BadMessage(ValueError):
    """The product would not take this; `code` is its own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RoomProtocol(Protocol):
    """A subclass names the path and reads and answers as its product does."""

    path: ClassVar[str]

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """The incoming webhooks."""

        async def receive(request: web.Request) -> web.StreamResponse:
            return await self._receive(request, world)

        return (web.post(self.path, receive),)

    @abstractmethod
    def read(self, body: Mapping[str, Any]) -> str:
        """The text of a message. Raises BadMessage."""

    @abstractmethod
    def yes(self, request: web.Request, id: str) -> web.Response:
        """The answer to a message that was posted."""

    @abstractmethod
    def no(self, refusal: Refusal) -> web.Response:
        """The answer to one that a behaviour turns away."""

    @abstractmethod
    def bad(self, code: str) -> web.Response:
        """The answer to a body that the product would not take."""

    async def _receive(self, request: web.Request, world: World) -> web.StreamResponse:
        raw = await request.read()
        try:
            body = json.loads(raw)
            text = self.read(body)
        except BadMessage as bad:
            return self.bad(bad.code)
        except (ValueError, KeyError, TypeError, AttributeError):
            return self.bad("")
        message = Message(
            channel=CHANNEL,
            provider=self.key,
            to=(str(request.url.without_query_params("wait")),),
            raw=raw,
            subject=text.splitlines()[0][:200] if text else "",
            text=text,
            payload={"body": body},
            headers=dict(request.headers),
            delivery_id=request.headers.get(DELIVERY_HEADER),
        )
        return await take(
            request, message, world=world, yes=lambda ids: self.yes(request, message.delivery_id or ids[0]), no=self.no
        )
