"""Takes Liquid out of a text while a compiler of HTML works on it, and puts it back.

A parser of HTML would move text out of tables, escape `<` in conditions and stumble over quotes within attributes. In
running text a tag becomes a comment, which stays where it is; within a tag or a style it becomes a word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{%.*?%\}", re.DOTALL)
_RAW = re.compile(r"<(style|title|script|textarea|mj-style|mj-title|mj-preview)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Veiled:
    """A text whose Liquid is hidden."""

    text: str
    tags: tuple[str, ...]
    mark: str  # how the words begin that stand for tags; the text itself has none of it

    def unveil(self, text: str) -> str:
        """`text`, made of this one, with the Liquid back in its places."""

        def back(found: re.Match[str]) -> str:
            number = int(found[1])
            return self.tags[number] if number < len(self.tags) else found.group()

        return self._word.sub(back, text)

    @property
    def _word(self) -> re.Pattern[str]:
        return re.compile(rf'(?:<!--)?{self.mark}(\d+)q(?:\s*(?:=""|-->))?', re.IGNORECASE)


def veil(text: str, *, comments: bool) -> Veiled:
    """Hide the Liquid in `text`. `comments`: tags in running text become comments, else words as everywhere."""
    mark = next(mark for mark in _marks() if mark not in text.lower())
    tags: list[str] = []
    pieces: list[str] = []
    for piece, is_tag, in_text in _pieces(text):
        if not is_tag:
            pieces.append(piece)
            continue
        word = f"{mark}{len(tags)}q"
        tags.append(piece)
        pieces.append(f"<!--{word}-->" if comments and in_text else word)
    return Veiled("".join(pieces), tuple(tags), mark)


def _marks() -> Iterator[str]:
    yield from (f"liq{number or ''}x" for number in count())


def _pieces(text: str) -> Iterator[tuple[str, bool, bool]]:
    """(piece, is it Liquid, does it stand in running text) from left to right."""
    at, inside = 0, _Inside()
    for found in _LIQUID.finditer(text):
        before = text[at : found.start()]
        inside.go_through(before)
        yield before, False, False
        yield found.group(), True, inside.running_text
        at = found.end()
    yield text[at:], False, False


class _Inside:
    """Where in a page of HTML one is: running text, a tag, a comment, or what is no markup at all."""

    def __init__(self) -> None:
        self._until = ""  # what ends the place we are in; "" = running text

    @property
    def running_text(self) -> bool:
        return not self._until

    def go_through(self, text: str) -> None:
        """Move on over a text without Liquid."""
        at = 0
        while at < len(text):
            at = self._leave(text, at) if self._until else self._enter(text, at)

    def _leave(self, text: str, at: int) -> int:
        until = self._until
        if until == ">":
            found = re.compile(r"[\"'>]").search(text, at)
            if found is None:
                return len(text)
            if found.group() != ">":
                self._until = f"{found.group()} then >"
            else:
                self._until = ""
            return found.end()
        if until.endswith(" then >"):
            end = text.find(until[0], at)
            if end < 0:
                return len(text)
            self._until = ">"
            return end + 1
        end = text.lower().find(until, at)
        if end < 0:
            return len(text)
        self._until = ""
        return end + len(until)

    def _enter(self, text: str, at: int) -> int:
        start = text.find("<", at)
        if start < 0:
            return len(text)
        if text.startswith("<!--", start):
            self._until = "-->"
            return start + 4
        if found := _RAW.match(text, start):
            self._until = f"</{found[1].lower()}"
            return found.end()
        if re.compile(r"</?[a-zA-Z!]").match(text, start):
            self._until = ">"
        return start + 1
