"""Wake the timekeeper when something falls due before it means to wake up; otherwise leave it asleep.

`NOTIFY` takes a database-wide lock at commit, so it is sent only when it is needed.
"""

from datetime import datetime

from django.db import connection

NOTIFY_CHANNEL = "carillon_timer"

_WAKE = """
SELECT pg_notify(%s, '') WHERE %s::timestamptz < (
  SELECT coalesce(min(wakes_at), 'infinity') FROM orchestrator_timekeeper WHERE seen_at > now() - interval '1 minute')
"""


def wake_timekeeper(due_at: datetime | None) -> None:
    """In the transaction that makes something due at `due_at` (None = nothing): tell a sleeping timekeeper."""
    if due_at is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, (NOTIFY_CHANNEL, due_at))
