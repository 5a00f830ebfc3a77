"""The arithmetic of a benchmark: what is left of several turns, and of many latencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over several turns. At least one value."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed. Raises ValueError when there are none."""
    if not values:
        raise ValueError("no values, so no percentile")
    ordered = sorted(values)
    place = -int(-len(ordered) * share // 1) - 1  # the ceiling, counted from one
    return ordered[min(max(place, 0), len(ordered) - 1)]


def ratio(value: float, anchor: float) -> float | None:
    """`value` in anchors; `None` when the anchor is nothing to compare with."""
    return value / anchor if anchor > 0 else None


def back_after(moments: Sequence[float], *, rate: float, window: float) -> float | None:
    """The end of the first `window` of seconds after 0 in which things happen at `rate` per second at least.

    `moments` in their order. `None` when there is no such window.
    """
    later = [moment for moment in moments if moment > 0]
    enough = max(ceil(rate * window), 1)
    for first, last in zip(later, later[enough - 1 :], strict=False):
        if last - first <= window:
            return last
    return None


def calm_after(waited: Sequence[tuple[float, float]], *, end: float, limit: float) -> float | None:
    """The seconds after `end` until the last arrival that waited longer than `limit`; 0 when none did after `end`.

    `waited` is (when it arrived, how long it waited), in any order. `None` when even the last of all waited longer:
    then nobody knows when it ended.
    """
    if not waited:
        raise ValueError("nothing arrived, so nothing is calm")
    slow = [arrived for arrived, seconds in waited if seconds > limit and arrived > end]
    if not slow:
        return 0.0
    return None if max(slow) >= max(arrived for arrived, _ in waited) else max(slow) - end
