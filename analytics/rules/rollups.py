"""Decide what a line of the log counts for: pure, and the same every time the log is read.

| Outcome                                                        | Counted when a delivery …                  |
|----------------------------------------------------------------|--------------------------------------------|
| `planned`                                                      | was decided on, skips included             |
| `skipped`                                                      | was not to be made, at planning or later   |
| `sent delivered bounced failed dead cancelled expired unknown` | came to be so                              |
| `retried`                                                      | is to be tried again after a provider call |

One delivery counts once for everything that becomes of it: `sent` and later `delivered`, `dead` and, replayed, `sent`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from analytics.values import Cell, Figures, Origin
from events.values import LoggedEvent

PLANNED, MOVED = "delivery.planned", "delivery.moved"
MANY_CANCELLED = "deliveries.cancelled"  # one line for all of a large notification
COUNTED_KINDS = (PLANNED, MOVED, MANY_CANCELLED)
ENDS = frozenset({"sent", "delivered", "bounced", "failed", "dead", "cancelled", "expired", "skipped", "unknown"})
OUTCOMES = ("planned", "sent", "delivered", "retried", "unknown", "bounced", "failed", "dead", "expired", "cancelled",
            "skipped")  # fmt: skip

_MILLISECOND = timedelta(milliseconds=1)
_NOWHERE = Origin(type="", strategy="", wanted_at=None)


def rolled_up(events: Sequence[LoggedEvent], origins: Mapping[UUID, Origin]) -> dict[Cell, Figures]:
    """What `events` add to the rollups. `origins` by notification id; where it is gone, type and strategy are empty."""
    found: dict[Cell, Figures] = defaultdict(Figures)
    for event in events:
        origin = origins.get(event.notification_id, _NOWHERE) if event.notification_id else _NOWHERE
        latency = None if origin.wanted_at is None else max(event.at - origin.wanted_at, timedelta())
        for outcome in _outcomes(event):
            for channel, count in _by_channel(event):
                figures = found[_cell(event, origin, channel, outcome)]
                figures.count += count
                if outcome != PLANNED and event.detail.get("from") == "sending":
                    figures.attempts += count
                if latency is not None:
                    figures.timed += count
                    figures.latency_ms += count * (latency // _MILLISECOND)
    return dict(found)


def _outcomes(event: LoggedEvent) -> Iterator[str]:
    becomes = event.detail.get("to")
    if event.kind == PLANNED:
        yield "planned"
        if becomes == "skipped":
            yield "skipped"
    elif event.kind == MANY_CANCELLED:
        yield "cancelled"
    elif event.kind == MOVED and becomes in ENDS:
        yield str(becomes)
    elif event.kind == MOVED and becomes == "pending" and event.detail.get("from") == "sending":
        yield "retried"


def _by_channel(event: LoggedEvent) -> Iterator[tuple[str, int]]:
    """Channels and numbers of the deliveries the line is about: one, unless it tells of many at once."""
    if event.kind == MANY_CANCELLED:
        yield from event.detail["channels"].items()
    else:
        yield str(event.detail.get("channel", "")), 1


def _cell(event: LoggedEvent, origin: Origin, channel: str, outcome: str) -> Cell:
    return Cell(event.tenant_id, _hour(event.at), channel, origin.type, origin.strategy, outcome)


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
