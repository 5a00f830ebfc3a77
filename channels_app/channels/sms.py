"""SMS: a short plain text to a phone number."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from channels_app.contract import Channel, ContentFault
from channels_app.parts import Part, Text
from channels_app.registry import channels
from channels_app.rules.content import at_most, not_blank
from channels_app.rules.cutting import cut
from channels_app.rules.segments import segments
from kernel.env_kinds import Rate

BODY_CHARS = 1600  # ten segments or so: Twilio error 21617, twilio.com/docs/api/errors/21617


class SmsContent(Part, frozen=True):
    """What a text message says."""

    body: Annotated[Text, Meta(min_length=1, examples=["Your code is {{ code }}"])]


class Sms(Channel):
    """A text message to the newest number of a person."""

    key = "sms"
    title = "SMS"
    address_kind = "phone"
    content = SmsContent
    limit = Rate(1_000, 3600)
    timeout_setting = "sms_timeout_seconds"

    def validate(self, content: SmsContent) -> tuple[ContentFault, ...]:
        """Judge what was written."""
        return tuple(not_blank("/body", content.body))

    def fit(self, content: SmsContent) -> SmsContent:
        """The text cut to what networks join together; dots, because one "…" would halve the room of every part."""
        if len(content.body) <= BODY_CHARS:
            return content
        return msgspec.structs.replace(content, body=cut(content.body, BODY_CHARS, mark="..."))

    def closed_with(self, content: SmsContent, words: str) -> SmsContent:
        """The text and a line after it. What is too long loses its own end, never that line."""
        own = cut(content.body.rstrip(), BODY_CHARS - len(words) - 1, mark="...")
        return msgspec.structs.replace(content, body=f"{own}\n{words}")

    def units(self, text: str) -> int:
        """The SMS it is sent as."""
        return segments(text)

    def validate_rendered(self, content: SmsContent) -> tuple[ContentFault, ...]:
        """Judge the final text: it may be no longer than networks join together."""
        return tuple(_final(content))


def _final(content: SmsContent) -> Iterator[ContentFault]:
    yield from not_blank("/body", content.body)
    yield from at_most("/body", found=len(content.body), allowed=BODY_CHARS, unit="characters")


channels.register(Sms())
