"""Fill in every part and locale of a source with its example data, as publishing and previews ask."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from templates_app.rendering import render_jobs
from templates_app.rules.making import Made, Piece
from templates_app.rules.showing import PERSON, context_of, finished
from templates_app.values import DEFAULT, Finding, Job, RenderError


@dataclass(frozen=True, slots=True)
class Example:
    """A part in a locale, filled in, or why it cannot be."""

    piece: Piece
    locale: str  # may be one that translations add to a part without one
    content: Struct | RenderError


def fill_in_examples(
    made: Made,
    *,
    data: Mapping[str, Any],
    brand: Mapping[str, Any],
    at: datetime,
    person: Mapping[str, Any] = PERSON,
    wanted: Sequence[tuple[str, str]] | None = None,
) -> list[Example]:
    """Every part in every locale it is offered in, or only the `wanted` (channel, locale)."""
    compiled = made.compiled()
    places = [place for place in _places(made) if wanted is None or (place[0].channel, place[1]) in wanted]
    jobs = [
        Job(
            piece.channel,
            piece.ready,
            context_of(
                compiled,
                locale=locale,
                data=data,
                person={**person, "locale": person.get("locale") or locale},
                brand=brand,
                at=at,
                default_locale=made.default_locale,
            ),
            lenient=compiled.lenient,
        )
        for piece, locale in places
    ]
    found = []
    for (piece, locale), content in zip(places, render_jobs(jobs), strict=True):
        shown = content if isinstance(content, RenderError) else finished(made.shapes[piece.channel], content)
        found.append(Example(piece, locale, shown))
    return found


def findings_of(examples: Sequence[Example]) -> Iterator[Finding]:
    """What keeps examples from being filled in."""
    for example in examples:
        if isinstance(trouble := example.content, RenderError):
            root = f"/content/{example.piece.channel}"
            pointer = example.piece.pointer + trouble.pointer.removeprefix(root)
            message = f"with the example data: {trouble.message}"
            yield Finding(trouble.code, message, "error", pointer, example.piece.channel, example.locale, trouble.line)


def _places(made: Made) -> Iterator[tuple[Piece, str]]:
    by_place = {(piece.channel, piece.locale): piece for piece in made.pieces}
    for channel, locales in made.offers.items():
        for locale in locales:
            yield by_place.get((channel, locale)) or by_place[channel, DEFAULT], locale
