"""Readers of the log. Each has a cursor, reads every line exactly once, and blocks only itself when it fails.

Lines are read in the order of the transactions that wrote them and only below the oldest one still running, so a line
that commits late is never skipped. What a consumer writes and its cursor move in one transaction.
"""

import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from events.models import Cursor
from events.values import LoggedEvent
from kernel.clock import monotonic

log = logging.getLogger(__name__)

Consume = Callable[[Sequence[LoggedEvent]], None]
Place = tuple[int, UUID]  # (xid, id) of a line


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that follow each other in commit order: those behind `after`, up to `until` and with it."""

    after: Place
    until: Place

    @property
    def bounds(self) -> dict[str, str]:
        """The parameters of `IN_STRETCH`."""
        (after_xid, after_id), (until_xid, until_id) = self.after, self.until
        return {
            "after_xid": str(after_xid),
            "after_id": str(after_id),
            "until_xid": str(until_xid),
            "until_id": str(until_id),
        }


CountStretch = Callable[[Stretch], None]

# Of rows of `events_event`.
IN_STRETCH = """(xid, id) > (%(after_xid)s::text::xid8, %(after_id)s::uuid)
  AND (xid, id) <= (%(until_xid)s::text::xid8, %(until_id)s::uuid)"""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader: `consume` gets what it wants of batches of at most `batch` lines, inside a transaction.

    `only` is a condition in SQL on `events_event`: lines that do not meet it are passed over, and never copied here.
    """

    name: str
    consume: Consume
    batch: int
    only: str = "true"
    least: int = 1


@dataclass(frozen=True, slots=True)
class StretchConsumer:
    """A named reader that reads in SQL: `consume` gets stretches of at most `batch` lines inside a transaction.

    After fewer than `least` lines it does not look again: what came meanwhile waits for the next bell.
    """

    name: str
    consume: CountStretch
    batch: int
    least: int = 1


Reader = Consumer | StretchConsumer

_consumers: dict[str, Reader] = {}

_READ = f"""
SELECT id, xid::text::bigint, tenant_id, kind, at, notification_id, delivery_id, reason, detail, actor
FROM events_event WHERE {IN_STRETCH} AND ({{only}}) ORDER BY xid, id
"""
_LOWEST_ID = "00000000-0000-0000-0000-000000000000"
_END_OF_STRETCH = """
SELECT xid::text::bigint, id, count(*) OVER () FROM (
  SELECT xid, id FROM events_event
  WHERE (xid, id) > (%s::text::xid8, %s::uuid) AND xid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY xid, id LIMIT %s) AS page
ORDER BY xid DESC, id DESC LIMIT 1
"""


def consumer(name: str, *, batch: int = 500, only: str = "true") -> Callable[[Consume], Consume]:
    """Register the decorated function as the consumer `name`. Its cursor starts at the beginning of the log."""

    def register(consume: Consume) -> Consume:
        _consumers[name] = Consumer(name, consume, batch, only)
        return consume

    return register


def stretch_consumer(name: str, *, batch: int, least: int = 1) -> Callable[[CountStretch], CountStretch]:
    """The same for a consumer that reads the lines by itself, in SQL."""

    def register(consume: CountStretch) -> CountStretch:
        _consumers[name] = StretchConsumer(name, consume, batch, least)
        return consume

    return register


def registered() -> tuple[Reader, ...]:
    return tuple(_consumers.values())


def advance(reader: Reader) -> int:
    """Let one consumer read its next batch; returns how many lines it passed, 0 when there is nothing to do."""
    with transaction.atomic():
        cursor_row = _locked_cursor(reader.name)
        if cursor_row is None:
            return 0
        lines, stretch = _next_stretch(cursor_row, limit=reader.batch)
        if stretch is None:
            return 0
        match reader:
            case Consumer():
                if events := _read(stretch, only=reader.only):
                    reader.consume(events)
            case StretchConsumer():
                reader.consume(stretch)
        cursor_row.xid, cursor_row.event_id = stretch.until
        cursor_row.save(update_fields=("xid", "event_id", "updated_at"))
    return lines


def advance_all(*, until: float = math.inf) -> bool:
    """Let the consumers read in turns, a batch each; returns whether all are up to date, `False` when `until` came.

    One that fails is logged and left where it was. `until` is of the monotonic clock; each reads one batch at least.
    """
    reading = list(registered())
    while reading := [reader for reader in reading if _goes_on(reader)]:
        if monotonic() > until:
            return False
    return True


def _goes_on(reader: Reader) -> bool:
    """Let it read; returns whether to look again soon."""
    try:
        lines = advance(reader)
    except Exception:
        log.exception("consumer.failed", extra={"consumer": reader.name})
        return False
    return lines > 0 and lines >= reader.least


def rewind(name: str) -> None:
    """Let the consumer `name` read the whole log again."""
    Cursor.objects.filter(consumer=name).update(xid=0, event_id=None)


def _locked_cursor(name: str) -> Cursor | None:
    Cursor.objects.get_or_create(consumer=name)
    return Cursor.objects.select_for_update(skip_locked=True).filter(consumer=name).first()


def _next_stretch(after: Cursor, *, limit: int) -> tuple[int, Stretch | None]:
    """The next `limit` lines that can be read by now, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_END_OF_STRETCH, (str(after.xid), after.event_id or _LOWEST_ID, limit))
        row = cursor.fetchone()
    if row is None:
        return 0, None
    xid, id, lines = row
    return lines, Stretch(_place_of(after), (xid, id))


def _place_of(cursor_row: Cursor) -> Place:
    return cursor_row.xid, cursor_row.event_id or UUID(_LOWEST_ID)


def _read(stretch: Stretch, *, only: str) -> list[LoggedEvent]:
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(only=only), stretch.bounds)
        return [_logged(*row) for row in cursor.fetchall()]


def _logged(*row: Any) -> LoggedEvent:
    *head, detail, actor = row
    values: list[Any] = [*head, json.loads(detail), actor]
    return LoggedEvent(*values)
