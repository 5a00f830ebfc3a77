"""Discord's webhooks at /discord/api/webhooks/…: discord.com/developers/docs/resources/webhook, 2026-11."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from channels_app.sandbox.http import Refusal
from channels_app.sandbox.rooms import BadMessage, RoomProtocol
from channels_app.sandbox.values import Message

CODES = {400: 50035, 401: 50027, 403: 50013, 404: 10015}
MOST_CHARS, MOST_EMBEDS = 2000, 10


class Discord(RoomProtocol):
    """Answers 204, or with the message when it was asked to wait."""

    key = "discord"
    path = "/api/webhooks/{webhook}/{token}"

    def text_of(self, body: Mapping[str, Any]) -> str:
        """The content, or what the embeds describe."""
        content, embeds = str(body.get("content") or ""), body.get("embeds") or []
        if len(content) > MOST_CHARS or len(embeds) > MOST_EMBEDS:
            raise BadMessage("50035")
        text = content or "\n".join(str(embed.get("description") or embed.get("title") or "") for embed in embeds)
        if not text.strip():
            raise BadMessage("50006")
        return text

    def yes(self, message: Message) -> web.Response:
        if not message.payload["waits"]:
            return web.Response(status=204)
        return web.json_response({"id": message.payload["id"], "type": 0})

    def no(self, status: int) -> web.Response:
        return _error(status, CODES.get(status, 0))

    def refused(self, refusal: Refusal) -> web.Response:
        """Who is too fast is told so in the body, too."""
        if refusal.retry_after is None:
            return super().refused(refusal)
        limited = {"message": "You are being rate limited.", "retry_after": refusal.retry_after, "global": False}
        return web.json_response(limited, status=refusal.status)

    def bad(self, code: str) -> web.Response:
        return _error(400, int(code or 50109))


protocol = Discord()


def _error(status: int, code: int) -> web.Response:
    return web.json_response({"message": "Refused by the sandbox.", "code": code}, status=status)
