"""A part within its layout: one text, and which lines of it are the part's."""

import re
from dataclasses import dataclass

SLOT = re.compile(r"\{\{-?\s*content\s*-?\}\}")


@dataclass(frozen=True, slots=True)
class Framed:
    """`text` is the whole; the part's first line is the whole's line `first + 1`, and it has `lines` of them."""

    text: str
    first: int = 0
    lines: int = 1_000_000

    def place(self, line: int) -> tuple[bool, int]:
        """Whether a line of the whole is the part's own, and its number there or in the layout."""
        own = line - self.first
        if 1 <= own <= self.lines:
            return True, own
        return False, line if own < 1 else line - self.lines + 1


def frame(part: str, layout: str) -> Framed:
    """`part` in the slot of `layout`; without a layout it is the whole."""
    found = SLOT.search(layout)
    if found is None:
        return Framed(part)
    before, after = layout[: found.start()], layout[found.end() :]
    return Framed(before + part + after, before.count("\n"), part.count("\n") + 1)


def slots(layout: str) -> int:
    """How many places for a part a layout has."""
    return len(SLOT.findall(layout))
