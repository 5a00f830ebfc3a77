"""Reads the markup of a part as it was written, HTML or MJML: elements with their attributes and lines."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from templates_app.rules.lint.texts import Spot, as_written
from templates_app.rules.making import Piece
from templates_app.rules.placeholders import veil
from templates_app.rules.source import line_of
from templates_app.rules.walk import HTML

_ELEMENT = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"([a-zA-Z:-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")


@dataclass(frozen=True, slots=True)
class Element:
    """An element as written; the values of attributes hold their Liquid."""

    name: str
    attributes: Mapping[str, str]
    spot: Spot
    line: int

    def style(self, *names: str) -> str:
        """The value of the first of these properties that its `style` or, in MJML, an attribute sets."""
        declared = {
            name.strip().lower(): value.strip()
            for name, colon, value in (one.partition(":") for one in self.attributes.get("style", "").split(";"))
            if colon
        }
        return next((found for name in names if (found := declared.get(name) or self.attributes.get(name, ""))), "")


def pages(piece: Piece) -> Iterator[Spot]:
    """The texts of a part that are markup."""
    return (spot for spot in as_written(piece) if spot.treatment == HTML and spot.text)


def elements(piece: Piece) -> Iterator[Element]:
    """Every element of a part."""
    for spot in pages(piece):
        hidden = veil(spot.text, comments=False)
        for found in _ELEMENT.finditer(hidden.text):
            attributes = {
                name.lower(): hidden.unveil(double or single or bare)
                for name, double, single, bare in _ATTRIBUTE.findall(found[2])
            }
            yield Element(found[1].lower(), attributes, spot, line_of(hidden.text, found.start()))
