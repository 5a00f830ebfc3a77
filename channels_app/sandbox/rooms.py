"""Chat rooms of the sandbox: what Slack, Teams and Discord have in common when they take a message."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from channels_app.sandbox.api_protocol import ApiProtocol, Wrong, json_of, shown_headers
from channels_app.sandbox.values import Message

DELIVERY_HEADER = "X-Carillon-Delivery-Id"


class BadMessage(ValueError):
    """The product would not take this; `code` is its own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RoomProtocol(ApiProtocol):
    """An incoming webhook. A subclass finds the text and answers as its product does."""

    channel = "chat"

    @abstractmethod
    def text_of(self, body: Mapping[str, Any]) -> str:
        """The text of a message. Raises BadMessage."""

    @abstractmethod
    def bad(self, code: str) -> web.Response:
        """The answer to a body that the product would not take; "" = it is not even of the right shape."""

    def read(self, request: web.Request, body: bytes) -> Message:
        """A message for one room; the URL is its address."""
        said = json_of(body)
        try:
            text = self.text_of(said)
        except BadMessage as bad:
            raise Wrong(self.bad(bad.code)) from None
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Wrong(self.bad("")) from None
        delivery_id = request.headers.get(DELIVERY_HEADER)
        return Message(
            channel=self.channel,
            provider=self.key,
            to=(str(request.url.without_query_params("wait")),),
            raw=body,
            subject=text.splitlines()[0][:200] if text else "",
            text=text,
            payload={"id": delivery_id, "waits": request.query.get("wait") == "true", "body": said},
            headers=shown_headers(request),
            delivery_id=delivery_id,
        )
