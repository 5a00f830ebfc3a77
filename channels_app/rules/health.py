"""How a provider account did lately: from counts of calls to a success rate and two latencies. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EDGES_MS = (25, 50, 100, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800, 6400, 10_000, 20_000, 40_000)
WINDOW_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls of some time: how they went, and how many ended within each of `EDGES_MS` (the last: later)."""

    successes: int = 0
    failures: int = 0
    timed: tuple[int, ...] = field(default=(0,) * (len(EDGES_MS) + 1))

    def __add__(self, other: "Counts") -> "Counts":
        timed = tuple(mine + theirs for mine, theirs in zip(self.timed, other.timed, strict=True))
        return Counts(self.successes + other.successes, self.failures + other.failures, timed)


@dataclass(frozen=True, slots=True)
class Health:
    """The last `WINDOW_MINUTES`. `success` from 0 to 1; it and the latencies are `None` where nothing was called."""

    calls: int
    success: float | None
    p50_ms: int | None
    p95_ms: int | None


def counted(successes: int, failures: int, *, seconds: float) -> Counts:
    """The counts of one batch of calls that took `seconds` each."""
    timed = [0] * (len(EDGES_MS) + 1)
    timed[bisect_left(EDGES_MS, seconds * 1000)] = successes + failures
    return Counts(successes, failures, tuple(timed))


def health_of(counts: Iterable[Counts]) -> Health:
    """The health that counts add up to."""
    total = sum(counts, Counts())
    calls = total.successes + total.failures
    success = total.successes / calls if calls else None
    return Health(calls, success, _percentile(total.timed, 0.5), _percentile(total.timed, 0.95))


def _percentile(timed: Sequence[int], share: float) -> int | None:
    """The time within which `share` of the calls ended, taken evenly within its bucket."""
    wanted = sum(timed) * share
    if not wanted:
        return None
    before, low = 0, 0
    for number, high in zip(timed, (*EDGES_MS, EDGES_MS[-1]), strict=True):
        if number and before + number >= wanted:
            return round(low + (high - low) * (wanted - before) / number)
        before, low = before + number, high
    return EDGES_MS[-1]
