"""Let the threads of a process into a lane one after another, so that each finds a batch instead of a crumb.

What a turn costs hardly depends on how much it finds. So while one has just begun, whoever comes next waits for its end
and works all that has come meanwhile; a third one need not come at all. A batch that lasts holds nobody up.
"""

from collections import defaultdict
from threading import Condition, get_ident

from kernel.clock import monotonic

PATIENCE_SECONDS = 0.05
CRITICAL_PATIENCE_SECONDS = 0.01  # in the lanes of critical messages


class Turnstile:
    """At most one thread waits for a lane; it is let in when nobody works there, or nobody who began just now."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._began: dict[str, dict[int, float]] = defaultdict(dict)  # by lane and thread: its present batch
        self._waiting: set[str] = set()

    def enter(self, lane: str) -> bool:
        """Begin a turn as soon as it is time; `False`: somebody who waits already will find what there is."""
        with self._changed:
            if lane in self._waiting:
                return False
            self._waiting.add(lane)
            try:
                while (seconds := self._seconds_left(lane)) > 0:
                    self._changed.wait(seconds)
            finally:
                self._waiting.discard(lane)
            self._began[lane][get_ident()] = monotonic()
            return True

    def goes_on(self, lane: str) -> None:
        """The same turn begins another batch."""
        with self._changed:
            self._began[lane][get_ident()] = monotonic()

    def leave(self, lane: str) -> None:
        """The turn is over."""
        with self._changed:
            del self._began[lane][get_ident()]
            self._changed.notify_all()

    def _seconds_left(self, lane: str) -> float:
        patience = CRITICAL_PATIENCE_SECONDS if lane.endswith(".critical") else PATIENCE_SECONDS
        return max((began + patience - monotonic() for began in self._began[lane].values()), default=0.0)
