"""Words that suddenly cannot be filled in for anybody: held back before they cost more messages. Time is an argument.

Only where nothing at all goes well: as long as one message of a version can be filled in, the fault may be in
somebody's data, and holding the version back would hold up those who give good data.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

WINDOW = timedelta(minutes=5)
LEAST = 50  # messages in a row that could not be filled in
MOST_KEPT = 1_000  # versions that a process remembers


@dataclass(slots=True)
class _Row:
    failed: int
    since: datetime


class Spikes:
    """What a process has seen lately. Each worker counts for itself, so that counting costs nobody a statement."""

    def __init__(self, *, least: int = LEAST, window: timedelta = WINDOW) -> None:
        self._least, self._window = least, window
        self._rows: OrderedDict[UUID, _Row] = OrderedDict()
        self._lock = Lock()

    def note(self, version_id: UUID, *, filled: int, failed: int, at: datetime) -> bool:
        """So many messages of a version were filled in and so many were not; `True` when that is a spike."""
        with self._lock:
            row = self._rows.get(version_id)
            if filled:
                self._rows.pop(version_id, None)
                return False
            if not failed:
                return False
            if row is None or at - row.since > self._window:
                row = _Row(0, at)
            row.failed += failed
            if row.failed >= self._least:
                self._rows.pop(version_id, None)
                return True
            self._rows[version_id] = row
            self._rows.move_to_end(version_id)
            while len(self._rows) > MOST_KEPT:
                self._rows.popitem(last=False)
            return False
