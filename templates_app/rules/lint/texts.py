"""The texts of a part, with where each of them stands and how it is treated."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import Struct

from templates_app.rules.analysis import fixed_words
from templates_app.rules.liquid import parse
from templates_app.rules.making import Piece
from templates_app.rules.source import has_tags
from templates_app.rules.walk import walk
from templates_app.values import Finding, RenderError, Severity


@dataclass(frozen=True, slots=True)
class Spot:
    """One text of a part. `pointer` leads to it from the top of the source."""

    piece: Piece
    pointer: str
    treatment: str
    text: str

    @property
    def name(self) -> str:
        """Its field, below the part: `subject`, `actions/0/title`."""
        return self.pointer[len(self.piece.pointer) + 1 :]

    def fixed_words(self) -> str:
        """What it says to everybody, before anything is filled in."""
        if not has_tags(self.text):
            return self.text
        try:
            return fixed_words(parse(self.text, self.treatment))
        except RenderError:
            return ""  # told already

    def finding(self, code: str, message: str, *, line: int = 1, severity: Severity = "warning") -> Finding:
        """Something to be said of this text."""
        return Finding(code, message, severity, self.pointer, self.piece.channel, self.piece.locale, line)


def as_written(piece: Piece) -> Iterator[Spot]:
    """The texts as people wrote them."""
    return _spots(piece, piece.written)


def as_ready(piece: Piece) -> Iterator[Spot]:
    """The texts as they are filled in: MJML is HTML."""
    return _spots(piece, piece.ready)


def _spots(piece: Piece, content: Struct) -> Iterator[Spot]:
    found: list[Spot] = []

    def look(text: str, treatment: str, pointer: str) -> str:
        found.append(Spot(piece, pointer, treatment, text))
        return text

    walk(content, look, pointer=piece.pointer)
    return iter(found)
