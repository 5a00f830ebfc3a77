"""What beat rings for, and how often: calendar upkeep only. What waits for a moment waits in the database."""

from collections.abc import Mapping
from typing import Any

UPKEEP_SECONDS = 60.0


def schedule(*, lanes: Mapping[str, str], task: str, flush_seconds: float) -> dict[str, dict[str, Any]]:
    """What beat's tables are seeded with, by name. A bell that nobody answered is void when the next one rings."""
    return {
        f"ring {lane}": {
            "task": task,
            "schedule": seconds,
            "kwargs": {"lane": lane},
            "options": {"queue": lanes[lane], "expire_seconds": int(seconds)},
        }
        for lane, seconds in (("upkeep", UPKEEP_SECONDS), ("events", flush_seconds))
    }
