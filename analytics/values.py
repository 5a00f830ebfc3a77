"""What analytics counts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of the notification that a line of the log is about."""

    type: str
    strategy: str
    wanted_at: datetime | None  # when it was to go out at the earliest; None = differs from person to person


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What one row of the rollups counts: lines of an hour (UTC) that agree in all of this."""

    tenant_id: UUID
    hour: datetime
    channel: str
    type: str
    strategy: str
    outcome: str


@dataclass(slots=True)
class Figures:
    """The counts of a cell. `latency_ms` is summed over `timed` of the counted."""

    count: int = 0
    attempts: int = 0  # provider calls that ended
    timed: int = 0
    latency_ms: int = 0
