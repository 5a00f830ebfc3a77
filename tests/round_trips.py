"""How often PostgreSQL is asked, as libpq counts it."""

import tempfile
from collections.abc import Callable
from typing import Any

from django.db import connection


def round_trips(work: Callable[[], Any]) -> int:
    """How often the server was waited for."""
    connection.ensure_connection()
    raw = connection.connection.pgconn
    with tempfile.TemporaryFile("w+") as lines:
        raw.trace(lines.fileno())
        try:
            work()
        finally:
            raw.untrace()
        lines.seek(0)
        return sum("\tReadyForQuery" in line for line in lines)
