"""What a sink took, as a file with one id per line: written by the sink, read by the benchmark."""

import asyncio
from pathlib import Path

FLUSH_SECONDS = 0.02


class Writer:
    """The sink's side. Lines reach the file within `FLUSH_SECONDS`."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._file, self._loop = path.open("ab"), loop
        self._waiting: list[bytes] = []

    def note(self, id: bytes) -> None:
        """One more."""
        if not self._waiting:
            self._loop.call_later(FLUSH_SECONDS, self._flush)
        self._waiting.append(id)

    def _flush(self) -> None:
        self._file.write(b"\n".join(self._waiting) + b"\n")
        self._file.flush()
        self._waiting = []


class Reader:
    """The benchmark's side."""

    def __init__(self, path: Path) -> None:
        self._path, self._position = path, 0

    def new(self) -> list[str]:
        """The ids that were noted since this was last asked."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._position)
            said = file.read()
        whole = said[: said.rfind(b"\n") + 1]
        self._position += len(whole)
        return whole.decode(errors="replace").split()
