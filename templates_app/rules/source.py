"""A look at a template before it is parsed: refuses what would keep the parser busy for longer than it deserves.

The parser finds tags with regular expressions that need quadratic time for unclosed or very long tags.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from templates_app.rules.budget import SOURCE_CHARS

TAGS = 5000
TAG_CHARS = 600
TAGS_WORK = 4_000_000  # sum of the squared lengths of all tags
_OPEN = re.compile(r"\{\{|\{%")
_CLOSE = {"{{": "}}", "{%": "%}"}
_END_RAW = re.compile(r"\{%-?\s{0,50}endraw\s{0,50}-?%\}")
_BLANKS = re.compile(r"\s{101}")


class BadSource(Exception):
    """The text is no template we would parse. `position` is where the trouble is."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.message, self.position = message, position


@dataclass(frozen=True, slots=True)
class Tag:
    """A `{{ … }}` or `{% … %}`: where its inside begins, and the inside."""

    position: int
    inside: str

    @property
    def end(self) -> int:
        """Where the text goes on."""
        return self.position + len(self.inside) + 4


def has_tags(text: str) -> bool:
    """Whether there is anything to fill in or to run."""
    return "{{" in text or "{%" in text


def look_over(source: str) -> None:
    """Raises `BadSource` when the template is too long, or a tag is unclosed, too long, or of a kind never allowed."""
    if len(source) > SOURCE_CHARS:
        raise BadSource(f"{len(source):,} characters; a template has {SOURCE_CHARS:,} at most", position=0)
    work = 0
    for count, tag in enumerate(tags_of(source)):
        work += len(tag.inside) ** 2
        if count == TAGS:
            raise BadSource(f"more than {TAGS:,} tags", position=tag.position)
        if len(tag.inside) > TAG_CHARS or work > TAGS_WORK or _BLANKS.search(tag.inside):
            raise BadSource(
                f"too much inside of tags; {TAG_CHARS} characters is the most of one", position=tag.position
            )


def line_of(source: str, position: int) -> int:
    """The line of a position, from 1."""
    return source.count("\n", 0, position) + 1


def tags_of(source: str) -> Iterator[Tag]:
    """Every tag from left to right, without those in `raw`. Raises `BadSource` for one that is never closed."""
    at = 0
    while found := _OPEN.search(source, at):
        close = _CLOSE[found.group()]
        end = source.find(close, found.end())
        if end < 0:
            raise BadSource(f"'{found.group()}' is never closed; '{close}' ends it", position=found.start())
        inside = source[found.end() : end]
        yield Tag(found.start(), inside)
        at = end + len(close)
        if found.group() == "{%":
            at = _after_block(source, inside.strip().strip("-").strip(), at)


def _after_block(source: str, name: str, at: int) -> int:
    """What stands in `raw` is no template, so the look goes on behind it."""
    if name == "doc":
        raise BadSource("the tag 'doc' is not offered; comment does the same", position=at)
    if name != "raw":
        return at
    end = _END_RAW.search(source, at)
    if end is None:
        raise BadSource("'raw' is never closed; {% endraw %} ends it", position=at)
    return end.end()
