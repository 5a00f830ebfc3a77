"""Sees every connect of this process, also those that nobody answers, and lets none of them leave the machine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_watching: list[list[tuple[Any, ...]]] = []


@contextmanager
def connects_seen(*, and_stopped: bool) -> Iterator[list[tuple[Any, ...]]]:
    """The addresses dialled inside the block, in order. `and_stopped`: each is refused as if nobody listened."""
    _Hook.install()
    seen: list[tuple[Any, ...]] = []
    _Hook.stops = and_stopped
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)
        _Hook.stops = False


class _Hook:
    """An audit hook cannot be taken out again, so there is one for good, idle when nobody watches."""

    installed = stops = False

    @classmethod
    def install(cls) -> None:
        if not cls.installed:
            sys.addaudithook(cls.see)
            cls.installed = True

    @classmethod
    def see(cls, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not _watching or not isinstance(arguments[1], tuple):
            return
        for seen in _watching:
            seen.append(arguments[1])
        if cls.stops:
            raise ConnectionRefusedError("stopped by the test")
