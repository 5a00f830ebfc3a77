"""Locks between invocations: held through an open file, so the kernel lets go of them however their holder ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def try_lock(path: Path) -> int | None:
    """Take the lock and keep it until the returned file descriptor is closed; None when somebody else has it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


def is_locked(path: Path) -> bool:
    """Whether somebody has the lock now."""
    held = try_lock(path)
    if held is not None:
        os.close(held)
    return held is None


@contextmanager
def locked(path: Path, *, waiting: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock within the block; says `waiting` once when somebody else has it, and waits for them."""
    held = try_lock(path)
    if held is None:
        say(waiting)
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(held)
