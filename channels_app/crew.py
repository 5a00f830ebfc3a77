"""Threads that make calls at a time, shared by all batches that use one provider account in this process."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from kernel.clock import monotonic

TURN_SECONDS = 0.05  # after this long a thread lets another batch have its turn


class Crew:
    """At most `size` calls at a time, whatever number of batches is under way; batches take turns.

    Threads are started when they are first needed. `size` 1 starts none: the caller's own thread does the work.
    """

    def __init__(self, size: int, *, name: str) -> None:
        self._size, self._name = size, name
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def run(self, jobs: Sequence[Callable[[], None]], *, until: float) -> None:
        """Do all jobs, or as many as can be done until a monotonic moment. Jobs must not raise.

        Jobs that have not begun by then never do; one that is running is not waited for.
        """
        if self._size == 1 or not jobs:
            for job in jobs:
                job()
            return
        batch = _Batch(jobs)
        pool = self._threads()
        for _ in range(min(self._size, len(jobs))):
            pool.submit(self._turn, batch)
        batch.done.wait(max(until - monotonic(), 0))
        batch.waiting.clear()

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._size, thread_name_prefix=self._name)
            return self._pool

    def _turn(self, batch: "_Batch") -> None:
        end = monotonic() + TURN_SECONDS
        while job := batch.take():
            job()
            batch.did_one()
            if monotonic() > end and self._hand_over(batch):
                return

    def _hand_over(self, batch: "_Batch") -> bool:
        try:
            self._threads().submit(self._turn, batch)
        except RuntimeError:  # the interpreter is ending and takes no new work: finish what is begun
            return False
        return True


class _Batch:
    def __init__(self, jobs: Sequence[Callable[[], None]]) -> None:
        self.waiting = deque(jobs)
        self.done = threading.Event()
        self._left = len(jobs)
        self._lock = threading.Lock()

    def take(self) -> Callable[[], None] | None:
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def did_one(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.done.set()
