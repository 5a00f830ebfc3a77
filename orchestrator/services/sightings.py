"""What each person was told lately, so that nobody is told twice. The rows decide; memory only saves asking them."""

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from orchestrator.rules.duplicates import Sight, are_alike, first_of_each

# Two transactions that say the same at once: the second waits here for the first, and then finds its row.
_TAKE = """
INSERT INTO orchestrator_sighting AS known (tenant_id, recipient_id, digest, notification_id, seen_at, until, scope,
  simhash)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::uuid[], %s::timestamptz[], %s::timestamptz[],
  %s::bigint[], %s::bigint[])
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

# Whoever says it again keeps the window open.
_SLIDE = """
UPDATE orchestrator_sighting known SET until = greatest(known.until, again.until)
FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::timestamptz[]) AS again (tenant_id, recipient_id, digest, until)
WHERE known.tenant_id = again.tenant_id AND known.recipient_id = again.recipient_id AND known.digest = again.digest
"""

# Of those alike the nearest, and of them the first.
_ALIKE = """
SELECT DISTINCT ON (new.number) new.number, known.notification_id, known.digest
FROM unnest(%s::int[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::int[], %s::timestamptz[], %s::uuid[])
  AS new (number, tenant_id, recipient_id, scope, simhash, distance, at, notification_id)
JOIN orchestrator_sighting known USING (tenant_id, recipient_id, scope)
WHERE known.until > new.at AND known.notification_id <> new.notification_id
  AND bit_count((known.simhash # new.simhash)::bit(64)) <= new.distance
ORDER BY new.number, bit_count((known.simhash # new.simhash)::bit(64)), known.notification_id
"""

# Two that say nearly the same at once: the second waits here for the first, and then finds its row.
_ONE_BY_ONE = """
SELECT count(pg_advisory_xact_lock(hashtextextended(person, 11))) FROM (
  SELECT person FROM unnest(%s::text[]) AS people (person) ORDER BY person) AS ordered
"""

_TAKE_BACK = """
DELETE FROM orchestrator_sighting known
USING unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::uuid[])
  AS noted (tenant_id, recipient_id, digest, notification_id)
WHERE known.tenant_id = noted.tenant_id AND known.recipient_id = noted.recipient_id AND known.digest = noted.digest
  AND known.notification_id = noted.notification_id
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
    said_before = {**said_before, **_memory.recall([sight for sight in asked if not sight.sliding])}
    unsure = sorted((sight for sight in asked if sight not in said_before), key=lambda sight: sight.place)
    if not unsure:
        return said_before
    with connection.cursor() as cursor:
        taken = _take(cursor, unsure)
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
                if not sight.sliding:
                    _memory.keep(sight, notification_id, until)
            _slide(cursor, [(sight, sight.digest) for sight in refused.values() if sight.sliding])
    # Whoever came second to one that was itself refused repeats what that one repeats.
    origin = {sight.place: said_before[sight] for sight in asked if sight in said_before}
    return {sight: origin.get(sight.place, first) for sight, first in said_before.items()}


def alike(sights: Sequence[Sight]) -> dict[Sight, UUID]:
    """The same for sights for which alike is enough: they are compared with what their person was told lately."""
    if not sights:
        return {}
    said_before: dict[Sight, UUID] = {}
    ordered = sorted(sights, key=lambda sight: sight.notification_id)
    with connection.cursor() as cursor:
        cursor.execute(_ONE_BY_ONE, (sorted({str(sight.recipient_id) for sight in sights}),))
        rows = [
            (
                number,
                s.tenant_id,
                s.recipient_id,
                s.near.scope,
                s.near.simhash,
                s.near.distance,
                s.at,
                s.notification_id,
            )
            for number, s in enumerate(ordered)
            if s.near
        ]
        cursor.execute(_ALIKE, [list(column) for column in zip(*rows, strict=True)])
        again: list[tuple[Sight, bytes]] = []
        for number, notification_id, digest in cursor.fetchall():
            said_before[ordered[number]] = notification_id
            again += [(ordered[number], bytes(digest))] if ordered[number].sliding else []
        news: list[Sight] = []
        for sight in ordered:
            if sight not in said_before:
                first = next((one for one in news if are_alike(one, sight)), None)
                if first is None:
                    news.append(sight)
                else:
                    said_before[sight] = first.notification_id
        if news:
            _take(cursor, sorted(news, key=lambda sight: sight.place))
        _slide(cursor, again)
    return said_before


def take_back(sights: Sequence[Sight]) -> None:
    """Forget what was noted of messages that are not told after all, in the transaction that noted it."""
    if sights:
        rows = [(s.tenant_id, s.recipient_id, s.digest, s.notification_id) for s in sights]
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_BACK, [list(column) for column in zip(*rows, strict=True)])


def _take(cursor: Any, sights: Sequence[Sight]) -> set[tuple[UUID, bytes]]:
    """Note sights where nobody did within the window; returns the places of those that were noted."""
    rows = [
        (s.tenant_id, s.recipient_id, s.digest, s.notification_id, s.at, s.until,
         s.near.scope if s.near else None, s.near.simhash if s.near else None)
        for s in sights
    ]  # fmt: skip
    cursor.execute(_TAKE, [list(column) for column in zip(*rows, strict=True)])
    return {(recipient_id, bytes(digest)) for recipient_id, digest in cursor.fetchall()}


def _slide(cursor: Any, again: Sequence[tuple[Sight, bytes]]) -> None:
    if again:
        rows = [(sight.tenant_id, sight.recipient_id, digest, sight.until) for sight, digest in again]
        cursor.execute(_SLIDE, [list(column) for column in zip(*rows, strict=True)])


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
