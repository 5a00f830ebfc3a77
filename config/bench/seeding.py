"""Great numbers of rows, made by the database itself from one that Carillon wrote."""

from typing import Any
from uuid import UUID

import psycopg

AT_ONCE = 100_000  # rows in one transaction
LATER = "2 days"  # than now: nothing of it falls due while the bench runs

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'notifications_notification' AND is_generated = 'NEVER'
ORDER BY ordinal_position
"""
# The beginning of the id is its moment, which decides the partition; the rest is new.
_ID = "overlay(gen_random_uuid()::text PLACING left(first.id::text, 15) FROM 1)::uuid"
_CHANGED = {
    "id": _ID,
    "due_at": f"now() + interval '{LATER}' + number * interval '1 millisecond'",
    "scheduled_at": f"now() + interval '{LATER}' + number * interval '1 millisecond'",
}


def copies_of(ledger: psycopg.Connection[tuple[Any, ...]], notification: UUID, *, count: int) -> None:
    """Scheduled notifications like one that was accepted, each due a millisecond after the other, days from now."""
    names = [name for (name,) in ledger.execute(_COLUMNS)]
    values = ", ".join(_CHANGED.get(name, f"first.{name}") for name in names)
    statement = (
        f"INSERT INTO notifications_notification ({', '.join(names)}) SELECT {values} "
        "FROM notifications_notification AS first, generate_series(%s::int, %s::int) AS number WHERE first.id = %s"
    )
    for start in range(0, count, AT_ONCE):
        ledger.execute(statement, (start + 1, min(start + AT_ONCE, count), notification))
