"""A total deadline for calls that block: a time-out of a socket starts again at every byte, this one does not.

One daemon thread watches all deadlines of the process. When one passes it calls back, and what the callback does (shut
the socket down) makes the blocked call fail.
"""

import heapq
import itertools
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kernel.clock import monotonic

log = logging.getLogger(__name__)

_PRUNE_ABOVE = 1024  # deadlines that are over are thrown away at the latest when there are so many


class Guard:
    """One deadline being watched. `passed` says whether it was reached before the block was left."""

    __slots__ = ("_lock", "_on_timeout", "passed")

    def __init__(self, on_timeout: Callable[[], object]) -> None:
        self._lock = threading.Lock()
        self._on_timeout: Callable[[], object] | None = on_timeout
        self.passed = False

    @property
    def over(self) -> bool:
        return self._on_timeout is None

    def fire(self) -> None:
        """Call back, once, unless the block has been left."""
        with self._lock:
            callback, self._on_timeout = self._on_timeout, None
            if callback is None:
                return
            self.passed = True
            try:
                callback()
            except Exception:
                log.exception("deadline.callback_failed")

    def leave(self) -> None:
        """From now on nothing fires; a callback that is running is waited for."""
        with self._lock:
            self._on_timeout = None


class Watchdog:
    """Watches any number of deadlines with one thread, which starts with the first of them."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: what a forked child does, for the deadlines it inherited are its parent's."""
        self._heap: list[tuple[float, int, Guard]] = []
        self._prune_above = _PRUNE_ABOVE
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def guard(self, seconds: float, *, on_timeout: Callable[[], object]) -> Iterator[Guard]:
        """Call `on_timeout` from the watching thread once the block has lasted `seconds`; never after it was left.

        `on_timeout` must be quick and may run while the block still does: closing a socket is what it is for.
        """
        guard = Guard(on_timeout)
        self._watch(guard, deadline=monotonic() + seconds)
        try:
            yield guard
        finally:
            guard.leave()

    def _watch(self, guard: Guard, *, deadline: float) -> None:
        with self._changed:
            if len(self._heap) > self._prune_above:
                self._prune()
            heapq.heappush(self._heap, (deadline, next(self._order), guard))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is guard:
                self._changed.notify()

    def _prune(self) -> None:
        self._heap = [entry for entry in self._heap if not entry[2].over]
        heapq.heapify(self._heap)
        self._prune_above = max(_PRUNE_ABOVE, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            self._next_due().fire()

    def _next_due(self) -> Guard:
        with self._changed:
            while True:
                while self._heap and self._heap[0][2].over:
                    heapq.heappop(self._heap)
                wait = self._heap[0][0] - monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)


watchdog = Watchdog()
os.register_at_fork(after_in_child=watchdog.forget)
