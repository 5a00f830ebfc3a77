"""Texts that cost more the longer they are: the segments of an SMS."""

from collections.abc import Iterator

from templates_app.rules.lint.texts import as_written
from templates_app.rules.making import Made
from templates_app.values import Finding

CHEAP_UNITS, MOST_UNITS = 2, 10


def long_texts(made: Made) -> Iterator[Finding]:
    """What the fixed words alone cost; what is filled in comes on top."""
    for piece in made.pieces:
        for spot in as_written(piece):
            units = made.shapes[piece.channel].units(spot.fixed_words()) or 0
            if units > MOST_UNITS:
                message = f"{units} segments before anything is filled in; at most {MOST_UNITS} are joined together"
                yield spot.finding("too_many_segments", message, severity="error")
            elif units > CHEAP_UNITS:
                yield spot.finding("long_sms", f"{units} segments before anything is filled in, each one is paid for")
