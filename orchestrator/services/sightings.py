"""What each person was told lately, so that nobody is told twice. The rows decide; memory only saves asking them."""

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from orchestrator.rules.duplicates import Sight, first_of_each

# Two transactions that say the same at once: the second waits here for the first, and then finds its row.
_TAKE = """
INSERT INTO orchestrator_sighting AS known (tenant_id, recipient_id, digest, notification_id, seen_at, until)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (tenant_id, recipient_id, digest) DO UPDATE SET notification_id = EXCLUDED.notification_id,
  seen_at = EXCLUDED.seen_at,
  until = CASE WHEN known.notification_id = EXCLUDED.notification_id THEN known.until ELSE EXCLUDED.until END
WHERE known.until <= EXCLUDED.seen_at OR known.notification_id = EXCLUDED.notification_id
RETURNING recipient_id, digest
"""

_FIND = """
SELECT recipient_id, digest, notification_id, until FROM orchestrator_sighting
JOIN unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS wanted (tenant_id, recipient_id, digest)
  USING (tenant_id, recipient_id, digest)
"""

_PURGE = """
DELETE FROM orchestrator_sighting WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM orchestrator_sighting WHERE until < %s LIMIT %s FOR UPDATE SKIP LOCKED))
"""


def duplicates(sights: Sequence[Sight]) -> dict[Sight, UUID]:
    """Note what is news, in the caller's transaction; the rest with the notification that said it before.

    Asking again for the same notification gives the same answer, so that planning may be repeated after a crash.
    """
    if not sights:
        return {}
    asked, said_before = first_of_each(list(sights))
    said_before = {**said_before, **_memory.recall(asked)}
    unsure = sorted((sight for sight in asked if sight not in said_before), key=lambda sight: sight.place)
    if not unsure:
        return said_before
    with connection.cursor() as cursor:
        columns = zip(
            *((s.tenant_id, s.recipient_id, s.digest, s.notification_id, s.at, s.until) for s in unsure), strict=True
        )
        cursor.execute(_TAKE, [list(column) for column in columns])
        taken = {(recipient_id, bytes(digest)) for recipient_id, digest in cursor.fetchall()}
        refused = {sight.place: sight for sight in unsure if sight.place not in taken}
        if refused:
            cursor.execute(
                _FIND,
                (
                    [s.tenant_id for s in refused.values()],
                    [place[0] for place in refused],
                    [place[1] for place in refused],
                ),
            )
            for recipient_id, digest, notification_id, until in cursor.fetchall():
                sight = refused[recipient_id, bytes(digest)]
                said_before[sight] = notification_id
                _memory.keep(sight, notification_id, until)
    # Whoever came second to one that was itself refused repeats what that one repeats.
    origin = {sight.place: said_before[sight] for sight in asked if sight in said_before}
    return {sight: origin.get(sight.place, first) for sight, first in said_before.items()}


def purge(*, at: datetime, limit: int) -> int:
    """Forget windows that have closed; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, (at, limit))
        return int(cursor.rowcount)


class _Memory:
    """Duplicates found lately, the oldest forgotten first. A window known to be open stays open until its end."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[UUID, bytes], tuple[UUID, datetime]] = OrderedDict()

    def recall(self, sights: Sequence[Sight]) -> dict[Sight, UUID]:
        with self._lock:
            found = {sight: self._known.get(sight.place) for sight in sights}
        return {
            sight: known[0]
            for sight, known in found.items()
            if known is not None and known[1] > sight.at and known[0] != sight.notification_id
        }

    def keep(self, sight: Sight, notification_id: UUID, until: datetime) -> None:
        with self._lock:
            self._known[sight.place] = notification_id, until
            self._known.move_to_end(sight.place)
            while len(self._known) > settings.ORCHESTRATOR.dedup_cache_size:
                self._known.popitem(last=False)


_memory = _Memory()
os.register_at_fork(after_in_child=_memory.forget)
forget = _memory.forget
