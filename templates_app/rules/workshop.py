"""Where pages are made of what strangers wrote: here, or wherever somebody registered.

The compilers of MJML and styles are fast and know no measure: elements a hundred thousand deep end the process they run
in (mrml 0.2.4 and css-inline 0.21, 2026-11, by SIGSEGV), so processes that have more to lose let another one do it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["mjml", "page"]
Maker = Callable[[str], str]
Elsewhere = Callable[[str, str], str]  # (kind, source) → what was made of it

_here: dict[str, Maker] = {}
_elsewhere: list[Elsewhere] = []


@dataclass(frozen=True, slots=True)
class NotMade(Exception):
    """Nothing can be made of the source; the line counts from 1."""

    message: str
    line: int = 1


def register_maker(kind: Kind, maker: Maker) -> None:
    """Let `maker` make things of this kind; it raises `NotMade`."""
    _here[kind] = maker


def register_elsewhere(elsewhere: Elsewhere) -> None:
    """Let `elsewhere` make everything from now on; it raises `NotMade`."""
    _elsewhere[:] = [elsewhere]


def made(kind: Kind, source: str) -> str:
    """What becomes of `source`. Raises `NotMade`."""
    return _elsewhere[0](kind, source) if _elsewhere else _here[kind](source)


def makers() -> Mapping[str, Maker]:
    """Who makes what, in this process."""
    return _here
