"""A mail as bytes, read into what a person sees: subject, text, html, headers, attachments. Bad input never fails."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Part
from email.parser import BytesHeaderParser

DELIVERY_ID_HEADER = "x-carillon-delivery-id"
MAX_INLINE_IMAGE_BYTES = 5 * 1024 * 1024
# What the standard library is seen to raise on mails it cannot read, mostly over RFC 2231 parameters.
LIBRARY_FAILURES = (AttributeError, IndexError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a mail that is not its text: the name may be empty."""

    filename: str
    content_type: str
    content_id: str  # without its angle brackets; empty when the part has none
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, decoded. Lines end in a line feed; no lone surrogates, so all can be stored and sent as UTF-8."""

    subject: str
    text: str
    html: str
    headers: dict[str, str | list[str]]  # in order of arrival; repeated ones as a list under their first spelling
    message_id: str
    delivery_id: str | None
    attachments: tuple[Attachment, ...]


def read_mail(raw: bytes) -> Mail:
    """Decode a mail. What is malformed is shown as well as it can be, never refused."""
    try:
        return _read(message_from_bytes(raw))
    except LIBRARY_FAILURES:
        return _read_flat(raw)


def with_inline_images(mail: Mail) -> str:
    """The html of a mail with its `cid:` images put in place, so that nothing needs to be fetched."""
    html = mail.html
    for image in mail.attachments:
        fits = len(image.content) <= MAX_INLINE_IMAGE_BYTES
        if image.content_id and fits and re.fullmatch(r"image/[a-z0-9.+-]+", image.content_type):
            data = f"data:{image.content_type};base64,{b64encode(image.content).decode('ascii')}"
            html = html.replace(f"cid:{image.content_id}", data)
    return html


def clean(text: str) -> str:
    """The text without lone surrogates: bytes that came undecoded are read as UTF-8, or become a replacement mark."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # half a surrogate pair, not an undecoded byte
        return text.encode("utf-8", "replace").decode("utf-8")


def _read(message: Part) -> Mail:
    text, html, attachments = "", "", []
    for part in _leaves(message):
        kind = part.get_content_type()
        shown = part.get_content_disposition() != "attachment" and not part.get_filename()
        if shown and kind == "text/plain" and not text:
            text = _text(part)
        elif shown and kind == "text/html" and not html:
            html = _text(part)
        else:
            attachments.append(_attachment(part))
    return _mail(_headers(message), text=text, html=html, attachments=tuple(attachments))


def _read_flat(raw: bytes) -> Mail:
    """A mail whose parts cannot be told apart: its headers, and all the rest as text."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = BytesHeaderParser().parsebytes(head + b"\n\n")
    return _mail(_headers(message), text=body.decode("utf-8", "replace"), html="", attachments=())


def _mail(headers: dict[str, str | list[str]], *, text: str, html: str, attachments: tuple[Attachment, ...]) -> Mail:
    return Mail(
        subject=_single(headers, "subject"),
        text=text,
        html=html,
        headers=headers,
        message_id=_single(headers, "message-id"),
        delivery_id=_single(headers, DELIVERY_ID_HEADER) or None,
        attachments=attachments,
    )


def _headers(message: Part) -> dict[str, str | list[str]]:
    spelling: dict[str, str] = {}
    headers: dict[str, str | list[str]] = {}
    for raw_name, raw_value in message.raw_items():
        name = spelling.setdefault(raw_name.lower(), clean(raw_name))
        value = _decoded(str(raw_value))
        match headers.get(name):
            case None:
                headers[name] = value
            case list() as several:
                several.append(value)
            case str() as first:
                headers[name] = [first, value]
    return headers


def _decoded(raw: str) -> str:
    unfolded = clean(re.sub(r"\r?\n[ \t]*", " ", raw).strip())
    if "=?" not in unfolded:
        return unfolded
    try:
        return clean(str(make_header(decode_header(unfolded))))
    except (HeaderParseError, LookupError, UnicodeError):
        return unfolded


def _single(headers: dict[str, str | list[str]], wanted: str) -> str:
    for name, value in headers.items():
        if name.lower() == wanted:
            return value if isinstance(value, str) else value[0]
    return ""


def _leaves(part: Part) -> Iterator[Part]:
    """The parts that carry content, in order. A forwarded mail is one part, not its parts."""
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list):
        for inner in payload:
            if isinstance(inner, Part):
                yield from _leaves(inner)
    else:
        yield part


def _text(part: Part) -> str:
    content = _content(part)
    try:
        text = clean(content.decode(part.get_content_charset() or "utf-8", "replace"))
    except (LookupError, ValueError):  # a charset nobody knows, or one that cannot be a name
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _content(part: Part) -> bytes:
    if part.is_multipart():  # message/rfc822: the mail inside
        return b"".join(inner.as_bytes() for inner in part.get_payload() if isinstance(inner, Part))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _attachment(part: Part) -> Attachment:
    return Attachment(
        filename=_decoded(part.get_filename() or ""),
        content_type=part.get_content_type(),
        content_id=_decoded(str(part.get("content-id") or "")).strip("<> "),
        content=_content(part),
    )
