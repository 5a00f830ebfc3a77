"""Where the links and images of a page may lead: the web, mail and telephone, and files of the mail itself."""

import re
from collections.abc import Iterator
from html import unescape

SCHEMES = frozenset(("http", "https", "mailto", "tel", "sms", "cid"))
_ATTRIBUTE = re.compile(
    r"\b(?:href|src|srcset|action|formaction|background|poster)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))",
    re.IGNORECASE,
)
_DYNAMIC = re.compile(r"\b(?:href|src|srcset|action|formaction|background|poster)\s*=\s*[\"']?\s*\{[{%]", re.IGNORECASE)
_IGNORED = re.compile("[\x00-\x20\x7f-\x9f\xad\u200b-\u200f\u2028\u2029\ufeff]+")  # browsers skip them in a scheme
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")


def has_dynamic_links(source: str) -> bool:
    """Whether data decides how an address in this template begins."""
    return _DYNAMIC.search(source) is not None


def addresses(page: str) -> Iterator[tuple[str, int]]:
    """Every address the page leads to or loads from, as written, and where it stands."""
    for found in _ATTRIBUTE.finditer(page):
        yield next(value for value in found.groups() if value is not None) if found.lastindex else "", found.start()


def is_safe(address: str) -> bool:
    """Whether the address is relative, or of a scheme that can do no harm."""
    bare = _IGNORED.sub("", unescape(address))
    scheme = _SCHEME.match(bare)
    return scheme is None or scheme[1].lower() in SCHEMES


def first_unsafe(page: str) -> tuple[str, int] | None:
    """The first address of the page that is not safe, and where it stands."""
    return next(((address, at) for address, at in addresses(page) if not is_safe(address)), None)
