"""Webhooks of Teams Workflows at /teams/workflows/…: learn.microsoft.com "Create incoming webhooks with Workflows",
2026-11.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from channels_app.sandbox.rooms import BadMessage, RoomProtocol
from channels_app.sandbox.values import Message

CARD = "application/vnd.microsoft.card.adaptive"
CODES = {400: "InvalidRequestContent", 401: "DirectApiAuthorizationRequired", 404: "WorkflowNotFound"}


class Teams(RoomProtocol):
    """Takes Adaptive Cards, and says so before it has posted them."""

    key = "teams"
    path = "/workflows/{workflow}"

    def text_of(self, body: Mapping[str, Any]) -> str:
        """What the first card says."""
        card = body["attachments"][0]
        if body["type"] != "message" or card["contentType"] != CARD or card["content"]["type"] != "AdaptiveCard":
            raise BadMessage("InvalidRequestContent")
        texts = [str(part["text"]) for part in card["content"]["body"] if isinstance(part, dict) and "text" in part]
        return "\n".join(texts) or str(card["content"].get("fallbackText", ""))

    def yes(self, message: Message) -> web.Response:
        return web.Response(status=202)

    def no(self, status: int) -> web.Response:
        return _error(status, CODES.get(status, "TooManyRequests"))

    def bad(self, code: str) -> web.Response:
        return _error(400, code or "TriggerInputSchemaMismatch")


protocol = Teams()


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": "Refused by the sandbox."}}, status=status)
