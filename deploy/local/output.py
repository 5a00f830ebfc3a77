"""What a process writes: cut into lines, kept in a rotated file, shown on the console."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

COMPLAINT = "carillon: "
LOG_BYTES = 10_000_000
LOG_FILES_KEPT = 3
LONGEST_LINE = 64_000


class Output:
    """The reading end of one process's output; open until the last descendant that writes to it has ended."""

    def __init__(self, pipe: int, *, take: Callable[[str], None]) -> None:
        os.set_blocking(pipe, False)
        self.pipe = pipe
        self._take = take
        self._unfinished = b""

    def read(self) -> bool:
        """Take what is there; False when there will be no more."""
        try:
            while chunk := os.read(self.pipe, 65536):
                self._cut(chunk)
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        """Stop listening; what was not yet a line becomes one."""
        if self._unfinished:
            self._tell(self._unfinished)
        os.close(self.pipe)

    def _cut(self, chunk: bytes) -> None:
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in lines:
            self._tell(line)
        if len(self._unfinished) > LONGEST_LINE:
            self._tell(self._unfinished)
            self._unfinished = b""

    def _tell(self, line: bytes) -> None:
        self._take(line.decode(errors="replace").rstrip("\r"))


def rotating_log(path: Path) -> logging.Logger:
    """A log that keeps a few files of a bounded size; the lines stand in it as the program wrote them."""
    handler = RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=LOG_FILES_KEPT, delay=True, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.Logger(path.stem)
    log.addHandler(handler)
    return log


def rotate(path: Path) -> None:
    """For a log that a server writes by itself: put a big one aside before the next start."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))


def tail(path: Path, *, lines: int) -> str:
    """The last lines of a log; empty when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - lines * 1000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def complaints_in(path: Path, *, since: int) -> list[str]:
    """What our own programs say is wrong, from byte `since` of a log on; without the word that begins such lines."""
    with path.open("rb") as file:
        file.seek(since)
        lines = file.read().decode(errors="replace").splitlines()
    return [line.removeprefix(COMPLAINT) for line in lines if line.startswith(COMPLAINT)]
