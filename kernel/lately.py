"""What this process has seen lately, the oldest forgotten first: to save asking again, never the only copy."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta


class Lately:
    """At most `most` things, each for `within`. May be used by many threads."""

    def __init__(self, *, most: int, within: timedelta) -> None:
        self._most, self._within = most, within
        self._lock = threading.Lock()
        self._seen: OrderedDict[Hashable, datetime] = OrderedDict()

    def has(self, thing: Hashable, *, at: datetime) -> bool:
        """Whether it was kept less than `within` before `at`."""
        with self._lock:
            since = self._seen.get(thing)
            return since is not None and at - since < self._within

    def keep(self, thing: Hashable, *, at: datetime) -> None:
        """Remember it; its time counts from the first `keep` that is not too long ago."""
        with self._lock:
            since = self._seen.get(thing)
            if since is None or at - since >= self._within:
                self._seen[thing] = at
                self._seen.move_to_end(thing)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()
