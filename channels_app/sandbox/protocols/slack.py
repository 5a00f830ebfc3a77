"""Slack's incoming webhooks at /slack/services/…: docs.slack.dev, "Sending messages using incoming webhooks"."""

import html
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from channels_app.sandbox.rooms import BadMessage, RoomProtocol
from channels_app.sandbox.values import Message

WORDS = {
    400: "invalid_payload",
    403: "action_prohibited",
    404: "no_service",
    410: "channel_is_archived",
    429: "rate_limited",
}


class Slack(RoomProtocol):
    """Answers in plain words."""

    key = "slack"
    path = "/services/{team}/{app}/{token}"

    def text_of(self, body: Mapping[str, Any]) -> str:
        """Text, or blocks that say it all."""
        blocks = body.get("blocks", [])
        if not isinstance(blocks, list) or not all(isinstance(block, dict) and "type" in block for block in blocks):
            raise BadMessage("invalid_blocks")
        text = body.get("text", "")
        if not isinstance(text, str) or not (text or blocks):
            raise BadMessage("no_text")
        return html.unescape(text)

    def yes(self, message: Message) -> web.Response:
        return web.Response(text="ok")

    def no(self, status: int) -> web.Response:
        return web.Response(status=status, text=WORDS.get(status, "rollup_error"))

    def bad(self, code: str) -> web.Response:
        return web.Response(status=400, text=code or "invalid_payload")


protocol = Slack()
