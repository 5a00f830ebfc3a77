"""Readers of the log. Each has a cursor, reads every line exactly once, and blocks only itself when it fails.

Lines are read in the order of the transactions that wrote them and only below the oldest one still running, so a line
that commits late is never skipped. What a consumer writes and its cursor move in one transaction.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from events.models import Cursor
from events.values import LoggedEvent

log = logging.getLogger(__name__)

Consume = Callable[[Sequence[LoggedEvent]], None]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader: `consume` gets batches of at most `batch` lines inside a transaction."""

    name: str
    consume: Consume
    batch: int


_consumers: dict[str, Consumer] = {}

_READ = """
SELECT id, xid::text::bigint, tenant_id, kind, at, notification_id, delivery_id, reason, detail, actor
FROM events_event
WHERE (xid, id) > (%s::text::xid8, %s::uuid) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, id LIMIT %s
"""
_LOWEST_ID = "00000000-0000-0000-0000-000000000000"


def consumer(name: str, *, batch: int = 500) -> Callable[[Consume], Consume]:
    """Register the decorated function as the consumer `name`. Its cursor starts at the beginning of the log."""

    def register(consume: Consume) -> Consume:
        _consumers[name] = Consumer(name, consume, batch)
        return consume

    return register


def registered() -> tuple[Consumer, ...]:
    return tuple(_consumers.values())


def advance(reader: Consumer) -> int:
    """Let one consumer read its next batch; returns how many lines it read, 0 when there is nothing to do."""
    with transaction.atomic():
        cursor_row = _locked_cursor(reader.name)
        if cursor_row is None:
            return 0
        events = _read(cursor_row, limit=reader.batch)
        if not events:
            return 0
        reader.consume(events)
        cursor_row.xid, cursor_row.event_id = events[-1].xid, events[-1].id
        cursor_row.save(update_fields=("xid", "event_id", "updated_at"))
    return len(events)


def advance_all() -> int:
    """Let every consumer read until it is up to date; one that fails is logged and left where it was."""
    total = 0
    for reader in registered():
        try:
            while lines := advance(reader):
                total += lines
        except Exception:
            log.exception("consumer.failed", extra={"consumer": reader.name})
    return total


def rewind(name: str) -> None:
    """Let the consumer `name` read the whole log again."""
    Cursor.objects.filter(consumer=name).update(xid=0, event_id=None)


def _locked_cursor(name: str) -> Cursor | None:
    Cursor.objects.get_or_create(consumer=name)
    return Cursor.objects.select_for_update(skip_locked=True).filter(consumer=name).first()


def _read(after: Cursor, *, limit: int) -> list[LoggedEvent]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, (str(after.xid), after.event_id or _LOWEST_ID, limit))
        return [_logged(*row) for row in cursor.fetchall()]


def _logged(*row: Any) -> LoggedEvent:
    *head, detail, actor = row
    values: list[Any] = [*head, json.loads(detail), actor]
    return LoggedEvent(*values)
