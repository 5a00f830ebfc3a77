"""What the user sees: plain lines, a coloured name before those of a process, colours only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TextIO

COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)  # SGR foreground: readable on dark and on light


class Console:
    """Lines to one stream. When its reader goes away (a closed pipe) it falls silent and the work goes on."""

    def __init__(self, stream: TextIO, *, names: Iterable[str] = ()) -> None:
        self._stream = stream
        self.on_terminal = stream.isatty()
        self._colour = self.on_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._open = True
        self._colour_of: dict[str, int] = {}
        self._width = 0
        for name in names:
            self.know(name)

    def know(self, name: str) -> None:
        """Make room for the name of a process; the first come get the most different colours."""
        self._colour_of.setdefault(name, COLOURS[len(self._colour_of) % len(COLOURS)])
        self._width = max(self._width, len(name))

    def say(self, text: str = "") -> None:
        """One line (or several) of our own."""
        self._write(f"{text}\n")

    def step(self, text: str) -> None:
        """What is being done now."""
        self._write(f"{self._painted('•', 32)} {text}\n")

    def trouble(self, text: str) -> None:
        """What went wrong, and what would do."""
        self._write(f"{self._painted('carillon:', 31)} {text}\n")

    def line_of(self, name: str, *, text: str) -> None:
        """One line of a process."""
        self.know(name)
        self._write(f"{self._painted(name.ljust(self._width) + ' |', self._colour_of[name])} {text}\n")

    def heading(self, text: str) -> None:
        """The title of what follows."""
        self._write(f"\n{self._painted(f'== {text} ==', 1)}\n")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Columns, aligned."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            self._write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")

    def _painted(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text

    def _write(self, text: str) -> None:
        if not self._open:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._open = False
            with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())  # what is buffered still has to go somewhere


def console() -> Console:
    """The console on standard output."""
    return Console(sys.stdout)


def complaints() -> Console:
    """The console on standard error."""
    return Console(sys.stderr)
