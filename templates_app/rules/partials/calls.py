"""Finds where a text renders partials: `{% render 'button', url: order_url %}`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from liquid.builtin.expressions import KeywordArgument
from liquid.exceptions import LiquidError

from templates_app.rules.engine import PLAIN
from templates_app.rules.partial_tag import CLOSE, OPEN, PartialNode
from templates_app.rules.source import BadSource, Tag, line_of, look_over, tags_of

EXAMPLE = "{% render 'button', url: order_url %}"
_WORD = re.compile(r"-?\s*(\w*)")
_CALL = re.compile(r"(-?)\s*render\s+(?:'([^']*)'|\"([^\"]*)\")\s*(?:,(.*?))?\s*(-?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """A partial rendered from `start` to `end` of a text. `given` is what it is given, as it was written."""

    key: str
    given: str
    start: int
    end: int
    dashes: tuple[str, str]  # whether blanks before and after it go

    def opened(self, name: str, more: str = "") -> str:
        """The tag that stands before its words."""
        given = f", {self.given}" if self.given else ""
        return f"{{%{self.dashes[0]} {OPEN} '{name}'{given}{more} %}}"

    def closed(self) -> str:
        """The tag that stands behind them."""
        return f"{{% {CLOSE} {self.dashes[1]}%}}"

    def arguments(self) -> Mapping[str, KeywordArgument]:
        """What it is given, by name. Raises `BadCall`."""
        try:
            (node,) = PLAIN.from_string(self.opened("x") + self.closed()).nodes
        except LiquidError as trouble:
            raise BadCall("partial_call", str(trouble.message).splitlines()[0][:300], position=self.start) from None
        assert isinstance(node, PartialNode)
        return node.given


class BadCall(Exception):
    """A partial cannot be rendered like this. `position` is where in the text it is."""

    def __init__(self, code: str, message: str, *, position: int) -> None:
        super().__init__(message)
        self.code, self.message, self.position = code, message, position


def calls_in(text: str) -> Iterator[Call]:
    """Every call from left to right; what stands in `raw` and `comment` is none. Raises `BadCall`."""
    if "render" not in text and OPEN not in text:
        return
    try:
        look_over(text)
    except BadSource as trouble:
        raise BadCall("template_syntax", trouble.message, position=trouble.position) from None
    commented = False
    for tag in tags_of(text):
        found = _WORD.match(tag.inside) if text[tag.position + 1] == "%" else None
        word = found[1] if found else ""
        if word in ("comment", "endcomment"):
            commented = word == "comment"
        elif not commented and word in (OPEN, CLOSE):
            raise BadCall("template_syntax", f"no tag '{word}'; {EXAMPLE} puts one in", position=tag.position)
        elif not commented and word == "render":
            yield _call(tag)


def keys_in(text: str) -> list[str]:
    """The partials a text renders, each once; of a text with a mistake, those before it."""
    found: dict[str, None] = {}
    try:
        for call in calls_in(text):
            found[call.key] = None
    except BadCall:
        pass  # told when they are put in
    return list(found)


def folded(text: str) -> str:
    """`text` with nothing inside its partials: as its author knows it, line for line. Raises `BadCall`."""
    pieces, at = [], 0
    for call in calls_in(text):
        pieces += [text[at : call.start], call.opened(call.key), call.closed()]
        at = call.end
    return "".join((*pieces, text[at:])) if at else text


def place(text: str, trouble: BadCall) -> int:
    """The line of a mistake."""
    return line_of(text, trouble.position)


def _call(tag: Tag) -> Call:
    found = _CALL.fullmatch(tag.inside)
    if found is None:
        message = f"render takes a name in quotes, and values by name: {EXAMPLE}"
        raise BadCall("partial_call", message, position=tag.position)
    before, single, double, given, after = found.groups()
    return Call(single or double or "", (given or "").strip(), tag.position, tag.end, (before, after))
