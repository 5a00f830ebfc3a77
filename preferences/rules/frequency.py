"""How often somebody wants to hear of something: at once, gathered, or never. The values, and what a document holds.

Which level's word counts is decided in `wishes.frequency_for`.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Every = Literal["hour", "day", "week"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

TYPE, CATEGORY, CHANNEL = 4, 2, 1  # how specific a subject is; as the switches of `wishes.py` count


class Immediate(msgspec.Struct, frozen=True, tag=True):
    """At once. It takes back what a weaker level said."""


class Off(msgspec.Struct, frozen=True, tag=True):
    """Never. Whoever says it has switched the subject off."""


class Batch(msgspec.Struct, frozen=True, tag=True):
    """Gathered, and told as one at the next such moment of the person's clock.

    `every` hour at its beginning; every day `at`; every week `on` that day `at`.
    """

    every: Every
    at: str = "08:00"
    on: Day = "mon"


Frequency = Immediate | Off | Batch


def frequencies_in(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Frequency]:
    """The frequencies that a stored document holds, by subject."""
    return {subject: _frequency_in(choice) for subject, choice in stored.items()}


def most_specific(
    said: Mapping[str, Frequency], *, type: str, category: str, channel: str
) -> tuple[Frequency, int, str] | None:
    """What is said about the most specific subject, how specific that is, and the subject; `None`: nothing."""
    if not said:
        return None
    for about, name, weight in (("type", type, TYPE), ("category", category, CATEGORY), ("channel", channel, CHANNEL)):
        if name and (found := said.get(f"{about}:{name}")) is not None:
            return found, weight, f"{about}:{name}"
    return None


def _frequency_in(choice: Mapping[str, Any]) -> Frequency:
    match choice["mode"]:
        case "digest":
            return Batch(choice["every"], choice.get("at", "08:00"), choice.get("on", "mon"))
        case "off":
            return Off()
        case _:
            return Immediate()
