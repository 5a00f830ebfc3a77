"""Where the links and images of a page may lead: the web, mail and telephone, and files of the mail itself."""

import re
from collections.abc import Iterator
from html import unescape

SCHEMES = frozenset(("http", "https", "mailto", "tel", "sms", "cid"))
NAMES = ("href", "src", "srcset", "action", "formaction", "background", "poster")
_LAST_LETTERS = frozenset(name[-1] for name in NAMES) | frozenset(name[-1].upper() for name in NAMES)
_NAME = re.compile(rf"\b(?:{'|'.join(NAMES)})\Z", re.IGNORECASE)
_LONGEST = max(map(len, NAMES)) + 1  # with what stands before it
_VALUE = re.compile(r"=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_DYNAMIC = re.compile(rf"\b(?:{'|'.join(NAMES)})\s*=\s*[\"']?\s*\{{[{{%]", re.IGNORECASE)
_IGNORED = re.compile("[\x00-\x20\x7f-\x9f\xad\u200b-\u200f\u2028\u2029\ufeff]+")  # browsers skip them in a scheme
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")


def has_dynamic_links(source: str) -> bool:
    """Whether data decides how an address in this template begins."""
    return _DYNAMIC.search(source) is not None


def addresses(page: str) -> Iterator[tuple[str, int]]:
    """Every address the page leads to or loads from, as written, and where its attribute stands.

    A page is looked at for each person it goes to: going from one `=` to the next takes a third of the time that an
    expression with all the names takes.
    """
    sign, read = page.find("="), 0
    while sign >= 0:
        end = sign + 1
        start = _name_before(page, sign)
        if start is not None and start >= read and (found := _VALUE.match(page, sign)):
            yield found[found.lastindex or 0] if found.lastindex else "", start
            read = end = found.end()
        sign = page.find("=", end)


def _name_before(page: str, sign: int) -> int | None:
    """Where the name of the attribute begins whose `=` stands at `sign`; `None` when it is none that leads anywhere."""
    end = sign
    while end and page[end - 1].isspace():
        end -= 1
    if not end or page[end - 1] not in _LAST_LETTERS:
        return None
    begin = max(end - _LONGEST, 0)
    found = _NAME.search(page[begin:end])
    return begin + found.start() if found else None


def is_safe(address: str) -> bool:
    """Whether the address is relative, or of a scheme that can do no harm."""
    bare = _IGNORED.sub("", unescape(address))
    scheme = _SCHEME.match(bare)
    return scheme is None or scheme[1].lower() in SCHEMES


def first_unsafe(page: str) -> tuple[str, int] | None:
    """The first address of the page that is not safe, and where it stands."""
    return next(((address, at) for address, at in addresses(page) if not is_safe(address)), None)
