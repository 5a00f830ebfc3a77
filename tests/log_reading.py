"""Readers of the log stay below the oldest transaction of the server, and tests share their server with others."""

from time import monotonic, sleep

from django.db import connection


def wait_until_readable() -> None:
    """Wait for transactions of others on the same server, in any database: readers stay below the oldest of them."""
    until = monotonic() + 30
    while monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM events_event WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())")
            if cursor.fetchone() == (0,):
                return
        sleep(0.02)
    raise TimeoutError("somebody holds a transaction open for half a minute")
