"""Of threads that want to know the same at the same time, one looks and the others take what it finds."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """What one process is looking up just now. What was kept for a second is missed by all its threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[Hashable, Future[T]] = {}

    def look(self, what: Hashable, up: Callable[[], T]) -> T:
        """`up()`, or what that found for somebody who asked for the same meanwhile. It raises for all of them alike."""
        with self._lock:
            other = self._under_way.get(what)
            own: Future[T] = Future()
            if other is None:
                self._under_way[what] = own
        if other is not None:
            return other.result()
        try:
            own.set_result(up())
        except BaseException as trouble:
            own.set_exception(trouble)
            raise
        finally:
            with self._lock:
                if self._under_way.get(what) is own:
                    del self._under_way[what]
        return own.result()

    def forget(self) -> None:
        """Who asks from now on does not take what somebody began to look up before."""
        with self._lock:
            self._under_way.clear()
