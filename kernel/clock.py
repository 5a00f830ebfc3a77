"""What time it is: asked only at the edges (tasks, views, commands) and passed down as an argument."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps; for deadlines and durations, never for moments."""
    return time.monotonic()


def iso(moment: datetime) -> str:
    """An aware moment as the API writes it: UTC, ISO-8601, microseconds only when there are any, with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
