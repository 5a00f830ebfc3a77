"""Discord channels, through webhooks: discord.com/developers/docs/resources/webhook and its error codes, 2026-11."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from channels_app.channels.chat import ChatContent
from channels_app.registry import providers
from channels_app.rooms import Room, reply_of
from channels_app.rules.api_replies import Reply, Words
from kernel import structs
from kernel.safe_http import Answer

CONTENT_CHARS = 2000  # an embed's description may have 4096


class _Error(msgspec.Struct):
    code: int = 0


class _Posted(msgspec.Struct):
    id: str = ""


@providers.register
class Discord(Room):
    """Answers with the message it posted, when it is asked to wait for that."""

    key = "discord"
    title = "Discord"
    kinds = ("discord",)
    gone = frozenset({"10003", "10015", "50027"})  # unknown channel, unknown webhook, invalid webhook token
    unreadable = frozenset({"50006", "50035", "50109"})  # empty message, invalid form body, invalid JSON
    words = Words(bad_address=gone, not_ours=frozenset({"50001", "50013"}))

    def url(self, address: str) -> str:
        """The address, asked to answer when the message is there; a `thread_id` in it stays."""
        parts = urlsplit(address)
        query = [(name, value) for name, value in parse_qsl(parts.query) if name != "wait"]
        return urlunsplit(parts._replace(query=urlencode([*query, ("wait", "true")])))

    def body(self, content: ChatContent) -> Any:
        """Blocks are embeds. Nobody is called by an `@everyone` in somebody's name."""
        quiet = {"allowed_mentions": {"parse": ()}}
        if len(content.text) <= CONTENT_CHARS:
            return {**quiet, "content": content.text, "embeds": content.blocks}
        return {**quiet, "embeds": ({"description": content.text}, *content.blocks)}

    def reply(self, answer: Answer) -> Reply:
        """`{"code", "message"}`."""
        try:
            error = structs.decode(answer.body, _Error)
        except msgspec.MsgspecError:
            return reply_of(answer)
        return reply_of(answer, code=str(error.code) if error.code else "")

    def message_id(self, answer: Answer) -> str:
        """The id of the message that was posted."""
        try:
            return structs.decode(answer.body, _Posted).id
        except msgspec.MsgspecError:
            return ""
