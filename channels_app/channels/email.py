"""E-mail: a subject and a body in HTML, in plain text or in both, with files."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from channels_app.contract import Channel, ContentFault
from channels_app.parts import Attachment, Html, Line, Part, Text
from channels_app.registry import channels
from channels_app.rules.content import (
    address_of_a_page,
    at_most,
    has_control,
    is_templated,
    mailbox,
    not_blank,
    one_line,
)
from kernel.env_kinds import Rate

ATTACHED_BYTES = 7 * 1024 * 1024  # decoded, altogether; base64 makes 10 MB of it, which most mail servers still take
FILENAME_BYTES = 200  # in UTF-8; file names of more do not fit a header line once they are encoded
SUBJECT_CHARS = 900  # a header line ends at 998 octets, RFC 5322 2.1.1
_CONTENT_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.ASCII)


class EmailContent(Part, frozen=True):
    """What an e-mail says. At least one of `html`, `mjml` and `text`."""

    subject: Annotated[Line, Meta(min_length=1, max_length=2000, examples=["Your order {{ order_id }} is on its way"])]
    preheader: Annotated[Line, Meta(max_length=2000)] = ""  # what mail programs show beside the subject
    html: Html = ""
    mjml: Html = ""
    text: Text = ""
    reply_to: Annotated[Line, Meta(max_length=320)] = ""
    attachments: Annotated[tuple[Attachment, ...], Meta(max_length=10)] = ()


class Email(Channel):
    """Mail to one address: the newest one of a person."""

    key = "email"
    title = "E-mail"
    address_kind = "email"
    content = EmailContent
    limit = Rate(10_000, 3600)
    timeout_setting = "email_timeout_seconds"

    def validate(self, content: EmailContent) -> tuple[ContentFault, ...]:
        """Judge what was written, attachments included."""
        return tuple(_written(content))

    def validate_rendered(self, content: EmailContent) -> tuple[ContentFault, ...]:
        """Judge the final texts."""
        return tuple(_final(content))


def _written(content: EmailContent) -> Iterator[ContentFault]:
    yield from not_blank("/subject", content.subject)
    yield from one_line("/subject", content.subject)
    yield from one_line("/preheader", content.preheader)
    yield from one_line("/reply_to", content.reply_to)
    if not is_templated(content.reply_to):
        yield from mailbox("/reply_to", content.reply_to)
    if content.mjml:
        yield ContentFault(
            "/mjml", "not_supported", "MJML cannot be rendered yet; the finished page in `html` would do"
        )
    elif not content.html.strip() and not content.text.strip():
        yield ContentFault("", "body_missing", "neither html nor text; at least one of them would do")
    yield from _attachments(content.attachments)


def _final(content: EmailContent) -> Iterator[ContentFault]:
    yield from not_blank("/subject", content.subject)
    yield from at_most("/subject", found=len(content.subject), allowed=SUBJECT_CHARS, unit="characters")
    yield from one_line("/subject", content.subject)
    yield from one_line("/reply_to", content.reply_to)
    yield from mailbox("/reply_to", content.reply_to)
    if not content.html.strip() and not content.text.strip():
        yield ContentFault("", "body_missing", "neither html nor text has a word in it")


def _attachments(attachments: tuple[Attachment, ...]) -> Iterator[ContentFault]:
    total = 0
    for position, attachment in enumerate(attachments):
        pointer = f"/attachments/{position}"
        yield from one_line(f"{pointer}/filename", attachment.filename)
        if "/" in attachment.filename or "\\" in attachment.filename:
            yield ContentFault(f"{pointer}/filename", "invalid_filename", "a path; a plain file name would do")
        size = len(attachment.filename.encode(errors="replace"))
        yield from at_most(f"{pointer}/filename", found=size, allowed=FILENAME_BYTES, unit="bytes")
        if has_control(attachment.content_type) or not _CONTENT_TYPE.fullmatch(attachment.content_type.lower()):
            yield ContentFault(
                f"{pointer}/content_type", "invalid_content_type", "a plain type like application/pdf would do"
            )
        if attachment.url and attachment.content_base64:
            yield ContentFault(f"{pointer}/url", "not_both", "beside content_base64; one of the two would do")
        elif attachment.url:
            yield from _fetchable(f"{pointer}/url", attachment.url)
        elif not attachment.content_base64:
            yield ContentFault(
                f"{pointer}/content_base64", "required", "empty; the file in base64, or its url would do"
            )
        else:
            bytes_or_none = _decoded_bytes(attachment.content_base64)
            if bytes_or_none is None:
                yield ContentFault(f"{pointer}/content_base64", "invalid_base64", "not base64 (RFC 4648, section 4)")
            total += bytes_or_none or 0
    yield from at_most("/attachments", found=total, allowed=ATTACHED_BYTES, unit="bytes")


def _fetchable(pointer: str, url: str) -> Iterator[ContentFault]:
    """Whether its host may be called is judged when it is called."""
    if not url.startswith("https://"):
        yield ContentFault(
            pointer, "invalid_url", "not https; an address like https://shop.example/invoice.pdf would do"
        )
    yield from address_of_a_page(pointer, url)


def _decoded_bytes(text: str) -> int | None:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


channels.register(Email())
