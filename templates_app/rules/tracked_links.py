"""Lead the links of a finished message through other addresses, and change nothing else of it. Pure.

A page is read as browsers read one (html.spec.whatwg.org, "Tokenization", 2026-11), so what only looks like a link is
left alone: in comments (Outlook's conditional ones too), style sheets, titles and values of other attributes. Where a
page ends in the middle of a tag nothing after it is touched.
"""

import re
from collections.abc import Callable
from html import unescape
from html.entities import html5

NO_TRACK = "data-notrack"
WEB = ("http://", "https://")

Lead = Callable[[str, int], str | None]
"""(address, its number among the links, from 1) -> one in its place that needs no escaping; `None` leaves it."""

_VALUE = r"""(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>))"""
_NAME = r"(?:[^\s/>=]++|=[^\s/>=]*+)"  # a name may begin with "="
_NO_VALUE = r"(?!\s*+=)"
_REST_OF_TAG = rf"(?:[\s/]++|{_NAME}(?:\s*+=\s*+{_VALUE}|{_NO_VALUE}))*+>"
_NAME_ENDS = r"(?=[\s/>])"
_TEXT_ONLY = ("style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes")  # no markup inside
# One by one: a back reference would need a group, and groups in possessive repeats break CPython 3.11's `re`.
_TEXTS = "|".join(rf"{name}{_NAME_ENDS}{_REST_OF_TAG}(?s:.*?)(?=</{name}{_NAME_ENDS})" for name in _TEXT_ONLY)

_PASSED = re.compile(
    rf"""(?:
      [^<]++
    | <(?!(?:a|area|/body|{"|".join(_TEXT_ONLY)}){_NAME_ENDS})/?[a-z][^\s/>]*+{_REST_OF_TAG}
    | <!--(?:-?>|(?s:.*?)--!?>)
    | <(?:{_TEXTS})
    | <(?!!--)[!?][^>]*+>
    | </[^a-z>][^>]*+>
    | <(?![a-z/!?]) | </>
    )*+""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_LINK_OR_END = re.compile(rf"<(a|area|/body){_NAME_ENDS}({_REST_OF_TAG})", re.IGNORECASE | re.ASCII)
_ATTRIBUTE = re.compile(rf"[\s/]*+({_NAME})(?:\s*+=\s*+({_VALUE})|{_NO_VALUE})", re.ASCII)
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|([a-zA-Z][a-zA-Z0-9]*;?))(=?)")
_AROUND = "".join(map(chr, range(0x21)))  # browsers ignore them around an address, and the last three inside of it
_INSIDE = re.compile("[\t\n\r]")

_ADDRESS_IN_TEXT = re.compile(r"https?://[^\s<>\"“”«»]+", re.IGNORECASE)
_AFTER_IT = ".,;:!?'’*_…。、،؛؟"  # punctuation of the sentence, not of the address


def with_links(page: str, lead: Lead, *, last_words: str = "") -> str:
    """The page with its links led elsewhere, and `last_words` (HTML) at the end of its body."""
    done: list[str] = []
    kept = at = number = 0
    end: int | None = None  # in `done`, where the body ends
    while True:
        passed = _PASSED.match(page, at)
        assert passed is not None  # it matches nothing, too
        found = _LINK_OR_END.match(page, passed.end())
        if found is None:
            break
        at = found.end()
        if found[1][0] == "/":
            done.append(page[kept : found.start()])
            kept, end = found.start(), len(done)
        elif (link := _link_in(found[2], offset=found.start(2))) is not None:
            number += 1
            if not link.tracked or (instead := lead(link.address, number)) is None:
                continue
            done += (page[kept : link.start], instead)
            kept = link.stop
    done.append(page[kept:])
    if last_words:
        done.insert(len(done) if end is None else end, last_words)
    return "".join(done)


def with_short_links(text: str, lead: Lead) -> str:
    """A plain text with its web addresses replaced, where that makes it shorter."""
    number = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal number
        number += 1
        address = _without_the_sentence(found.group())
        instead = lead(address, number)
        if instead is None or len(instead) >= len(address):
            return found.group()
        return instead + found.group()[len(address) :]

    return _ADDRESS_IN_TEXT.sub(replaced, text)


class _Link:
    """A link to the web, and where in the page its address stands."""

    __slots__ = ("address", "start", "stop", "tracked")

    def __init__(self, address: str, start: int, stop: int, *, tracked: bool) -> None:
        self.address, self.start, self.stop, self.tracked = address, start, stop, tracked


def _link_in(attributes: str, *, offset: int) -> _Link | None:
    """What the attributes of a tag say; of attributes with the same name the first one counts."""
    place: tuple[int, int] | None = None
    tracked = True
    at = 0
    while found := _ATTRIBUTE.match(attributes, at):
        at, name = found.end(), found[1].lower()
        if name == NO_TRACK:
            tracked = False
        elif name == "href" and place is None:
            place = found.span(2) if found[2] else (-1, -1)
    if place is None or place[0] < 0:
        return None
    start, stop = place
    if attributes[start] in "\"'":
        start, stop = start + 1, stop - 1
    address = _INSIDE.sub("", _read(attributes[start:stop]).strip(_AROUND))
    if not address.lower().startswith(WEB):
        return None
    return _Link(address, offset + start, offset + stop, tracked=tracked)


def _read(value: str) -> str:
    """A value with its character references resolved as in attributes: `&copy=1` and `&section` are none."""
    return _REFERENCE.sub(_resolved, value) if "&" in value else value


def _resolved(found: re.Match[str]) -> str:
    name = found[1]
    if name is None:
        return unescape(found.group()[: len(found.group()) - len(found[2])]) + found[2]
    known = html5.get(name)
    if known is None or (found[2] and not name.endswith(";")):
        return found.group()
    return known + found[2]


def _without_the_sentence(address: str) -> str:
    """An address in a text without the punctuation that follows it, and without a bracket it does not open."""
    while True:
        shorter = address.rstrip(_AFTER_IT)
        for opening, closing in ("()", "[]", "{}"):
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter
