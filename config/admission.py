"""How many requests this process has taken on, and which of them came when it had taken on all it should."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Load:
    """Counts what has begun and has not ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    def begin(self) -> int:
        """One more; returns how many there are now."""
        with self._lock:
            self._running += 1
            return self._running

    def end(self) -> None:
        with self._lock:
            self._running -= 1


class CountingThreadPool(ThreadPoolExecutor):
    """A thread pool that knows how much of what it was given is not done."""

    def __init__(self, *, max_workers: int) -> None:
        super().__init__(max_workers=max_workers)
        self._count_lock = threading.Lock()
        self.unfinished = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with self._count_lock:
            self.unfinished += 1
        try:
            future = super().submit(fn, *args, **kwargs)
        except RuntimeError:  # shut down meanwhile
            self._one_done()
            raise
        future.add_done_callback(self._one_done)
        return future

    def _one_done(self, _future: Future[Any] | None = None) -> None:
        with self._count_lock:
            self.unfinished -= 1


def spare_thread() -> ThreadPoolExecutor:
    """One thread for what comes when there is no room: probes are answered there, everything else is refused."""
    return ThreadPoolExecutor(max_workers=1, initializer=_mark_as_spare)


def in_spare_thread() -> bool:
    """Whether the request of this thread came when there was no room for it."""
    return getattr(_here, "spare", False)


def _mark_as_spare() -> None:
    _here.spare = True


_here = threading.local()
load = Load()
