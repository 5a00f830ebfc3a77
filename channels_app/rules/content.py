"""What may stand in a content: single lines, addresses of pages, sizes. Faults are told all at once."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from audience.rules.addresses import BadAddress, read_email
from channels_app.parts import Action
from channels_app.values import ContentFault

# Everything a mail server, a terminal or a parser might take for the end of a line, and all other control characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TEMPLATED = re.compile(r"\{[{%]")
_ADDRESSES = {"http", "https"}


def is_templated(text: str) -> bool:
    """Whether something in the text is still to be filled in."""
    return _TEMPLATED.search(text) is not None


def has_control(text: str) -> bool:
    """Whether the text holds a character that could end a line or a field."""
    return _CONTROL.search(text) is not None


def one_line(pointer: str, text: str) -> Iterator[ContentFault]:
    """A text that becomes a header: no line end and no control character in it."""
    if found := _CONTROL.search(text):
        character = f"U+{ord(found.group()):04X}"
        yield ContentFault(
            pointer, "control_character", f"{character} at position {found.start()}; a single line of text would do"
        )


def address_of_a_page(pointer: str, url: str) -> Iterator[ContentFault]:
    """A link people will follow: absolute http or https, or a path of the tenant's own app beginning with `/`."""
    if not url or (url.startswith("/") and not url.startswith(("//", "/\\")) and not has_control(url)):
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme.lower() in _ADDRESSES and bool(parts.hostname) and not has_control(url) and " " not in url
    except ValueError:
        good = False
    if not good:
        yield ContentFault(pointer, "invalid_url", "an absolute http or https address would do, or a path like /orders")


def mailbox(pointer: str, address: str) -> Iterator[ContentFault]:
    """One plain e-mail address, without a name beside it."""
    if not address:
        return
    try:
        read_email(address)
    except BadAddress as trouble:
        yield ContentFault(pointer, trouble.code, "not an e-mail address; one like help@shop.example would do")


def not_blank(pointer: str, text: str) -> Iterator[ContentFault]:
    """A text without which the message says nothing."""
    if not text.strip():
        yield ContentFault(pointer, "required", "empty; some text would do")


def at_most(pointer: str, *, found: int, allowed: int, unit: str) -> Iterator[ContentFault]:
    """A size within what the road carries."""
    if found > allowed:
        yield ContentFault(pointer, "too_long", f"{found:,} {unit}; at most {allowed:,} would do")


def buttons(actions: Iterable[Action], *, rendered: bool) -> Iterator[ContentFault]:
    """The links behind buttons, at `/actions/…`. Before rendering only those without a template are judged."""
    for position, action in enumerate(actions):
        for name, url in (("url", action.url), ("icon", action.icon)):
            if rendered or not is_templated(url):
                yield from address_of_a_page(f"/actions/{position}/{name}", url)
