"""Write the log: always many lines in one statement, always in the transaction of what they tell about."""

import json
import os
import threading
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from events.values import NewEvent
from kernel.ids import uuid7

RANDOM_BITS = 62  # what a UUIDv7 has besides its time
STEP_BYTES = 5  # leaves room for millions of lines of one moment
STEP = (1 << 8 * STEP_BYTES) - 1

# COPY is refused on tables with row-level security, so many rows go in through unnest (as fast from 50 rows on).
_INSERT = """
INSERT INTO events_event (id, tenant_id, kind, at, notification_id, delivery_id, reason, detail, actor)
SELECT id, tenant_id, kind, at, notification_id, delivery_id, reason, detail::jsonb, actor
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::uuid[], %s::uuid[], %s::text[], %s::text[],
            %s::text[])
  AS new (id, tenant_id, kind, at, notification_id, delivery_id, reason, detail, actor)
"""


_last = 0
_lock = threading.Lock()


def record(events: Sequence[NewEvent]) -> None:
    """Append `events` in their order, in the caller's transaction."""
    if not events:
        return
    columns = (
        _ids(events),
        [event.tenant_id for event in events],
        [event.kind for event in events],
        [event.at for event in events],
        [event.notification_id for event in events],
        [event.delivery_id for event in events],
        [event.reason for event in events],
        [json.dumps(dict(event.detail)) if event.detail else "{}" for event in events],
        [event.actor for event in events],
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, columns)


def line_ids(at: datetime, count: int) -> list[UUID]:
    """Ids for `count` lines of one moment that are written in a statement of their own, in their order.

    Those of one moment grow, from one call of this process to the next too.
    """
    global _last
    with _lock:
        first, stride = uuid7(at).int, 1 + int.from_bytes(os.urandom(STEP_BYTES), "big")
        if first >> RANDOM_BITS == _last >> RANDOM_BITS:
            first = _last + stride
        _last = first + stride * (count - 1)
    return [UUID(int=first + stride * number) for number in range(count)]


def _ids(events: Sequence[NewEvent]) -> list[UUID]:
    """Ids in the order of the lines: those of one moment grow, from one call of this process to the next too."""
    global _last
    ids = []
    with _lock:
        for event in events:
            id = uuid7(event.at).int
            if id >> RANDOM_BITS == _last >> RANDOM_BITS:
                id = _last + 1 + (id & STEP)
            _last = id
            ids.append(UUID(int=id))
    return ids
