"""What is wrong with a document that somebody configured: where, a stable code, and what would do. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple


class Fault(NamedTuple):
    """One thing wrong. `pointer` is an RFC 6901 pointer into the document; `code` is API: add, never rename."""

    pointer: str
    code: str
    message: str


def number_faults(
    given: Mapping[str, Any], name: str, *, least: int, most: int, default: int = 0, below: str = ""
) -> Iterator[Fault]:
    """What is wrong with the whole number called `name`; left out it is `default`."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield Fault(f"{below}/{name}", "out_of_range", f"{name} is {value!r}; give a whole number {least} to {most}")


def word_faults(
    given: Mapping[str, Any], name: str, *, known: Collection[str], default: str, below: str = ""
) -> Iterator[Fault]:
    """What is wrong with the word called `name`; left out it is `default`."""
    value = given.get(name, default)
    if value not in known:
        message = f"{name} is {value!r}; known: {', '.join(known)}"
        yield Fault(f"{below}/{name}", "unknown_word", message)


def name_faults(given: Mapping[str, Any], *, known: Collection[str], below: str = "") -> Iterator[Fault]:
    """Fields that nobody reads: a misspelt one would otherwise do nothing, silently."""
    for name in given:
        if name not in known:
            yield Fault(f"{below}/{name}", "unknown_field", f"no field {name!r} here; known: {', '.join(known)}")
