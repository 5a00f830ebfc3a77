"""Chat: a message in a room of Slack, Teams or Discord."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from channels_app.contract import Channel, ContentFault
from channels_app.parts import Json, Part, Text
from channels_app.registry import channels
from channels_app.rules.content import at_most, not_blank

TEXT_CHARS = 4000  # Slack cuts longer texts in parts: docs.slack.dev "chat.postMessage"
BLOCKS_BYTES = 28 * 1024  # Teams takes no more: learn.microsoft.com "Rate limiting for connectors"


class ChatContent(Part, frozen=True):
    """What is said in the room. `blocks` are the product's own rich layout; `text` is shown where they cannot be."""

    text: Annotated[Text, Meta(min_length=1, examples=["Deploy {{ version }} is live"])]
    blocks: Annotated[tuple[Json, ...], Meta(max_length=50)] = ()


class Chat(Channel):
    """A message to every room a recipient names."""

    key = "chat"
    title = "Chat"
    address_kind = "url"
    content = ChatContent
    fan_out = True
    timeout_setting = "sms_timeout_seconds"

    def validate(self, content: ChatContent) -> tuple[ContentFault, ...]:
        """Judge what was written."""
        return tuple(not_blank("/text", content.text))

    def validate_rendered(self, content: ChatContent) -> tuple[ContentFault, ...]:
        """Judge the final text and the size of the layout."""
        return tuple(_final(content))


def _final(content: ChatContent) -> Iterator[ContentFault]:
    yield from not_blank("/text", content.text)
    yield from at_most("/text", found=len(content.text), allowed=TEXT_CHARS, unit="characters")
    size = len(msgspec.json.encode(content.blocks))
    yield from at_most("/blocks", found=size, allowed=BLOCKS_BYTES, unit="bytes")


channels.register(Chat())
