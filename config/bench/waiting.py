"""Waiting for what runs in other processes."""

import time
from collections.abc import Callable

EVERY_SECONDS = 0.02


def wait_for(
    true: Callable[[], bool], *, seconds: float, check: Callable[[], object] | None = None, every: float = EVERY_SECONDS
) -> bool:
    """Ask until it is true, or give up. `check` may raise to end the waiting sooner."""
    until = time.monotonic() + seconds
    while not true():
        if check is not None:
            check()
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
