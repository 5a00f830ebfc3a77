"""What a tournament came to: means over seeds with intervals, and `smart` beside what static strategies can do.

`smart` is held against the *frontier* of the static strategies: the best engagement that any of them, or any mixture of
two of them (this share of messages one way, the rest the other), reaches at the same cost. That is harder to beat than
the best single one, and it does not reward `smart` for being the only one in the middle.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from analytics.simulation.trial import Outcome

# Two-sided 95 % of Student's t for 1 to 30 degrees of freedom; from there on the normal distribution's.
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL95 = 1.960

Point = tuple[float, float]  # cost and engagement


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds, and how far the truth may lie from it at 95 %. One seed says nothing about that."""

    mean: float
    margin: float

    @property
    def at_least(self) -> float:
        return self.mean - self.margin


@dataclass(frozen=True, slots=True)
class Row:
    """One contender. The last four only for those that learn: against the frontier at the same cost, and at the same
    engagement (`None`: no static strategy engages as much); and against the static one that engages most."""

    name: str
    engagement: Estimate
    cost: Estimate
    messages: Estimate
    engagement_gain: Estimate | None = None
    cost_gain: Estimate | None = None
    over_best: Estimate | None = None
    cost_below_best: Estimate | None = None


def rows(outcomes: Mapping[str, Sequence[Outcome]], *, learners: frozenset[str]) -> list[Row]:
    """`outcomes` by contender, one for each seed, in the same order: differences are taken seed by seed."""
    static = {name: found for name, found in outcomes.items() if name not in learners}
    seeds = range(len(next(iter(outcomes.values()))))
    frontiers = [frontier([(found[seed].cost, found[seed].engagement) for found in static.values()]) for seed in seeds]
    best = max(static, key=lambda name: fmean(found.engagement for found in static[name]))
    return [
        Row(
            name,
            estimate([one.engagement for one in found]),
            estimate([one.cost for one in found]),
            estimate([one.messages / max(one.occasions, 1) for one in found]),
            *(_against(found, frontiers, static[best]) if name in learners else ()),
        )
        for name, found in outcomes.items()
    ]


def estimate(values: Sequence[float]) -> Estimate:
    if len(values) < 2:
        return Estimate(values[0], math.inf)
    t = _T95[len(values) - 2] if len(values) - 2 < len(_T95) else _NORMAL95
    return Estimate(fmean(values), t * stdev(values) / math.sqrt(len(values)))


def frontier(points: Sequence[Point]) -> list[Point]:
    """The upper hull of what strategies and mixtures of them reach, by rising cost, up to the one that engages most."""
    hull: list[Point] = []
    for point in sorted(points, key=lambda point: (point[0], -point[1])):
        while len(hull) > 1 and _slope(hull[-2], point) >= _slope(hull[-2], hull[-1]):
            hull.pop()
        if not hull or (point[1] > hull[-1][1] and point[0] > hull[-1][0]):
            hull.append(point)
    return hull


def engagement_at(cost: float, hull: Sequence[Point]) -> float:
    """The most that is reached for `cost`; below the cheapest one, what the cheapest one reaches."""
    return _between(cost, [point[0] for point in hull], [point[1] for point in hull])


def cost_of(engagement: float, hull: Sequence[Point]) -> float | None:
    """The least for which `engagement` is reached; `None`: nobody reaches it."""
    if engagement > hull[-1][1]:
        return None
    return _between(engagement, [point[1] for point in hull], [point[0] for point in hull])


def _against(
    found: Sequence[Outcome], frontiers: Sequence[Sequence[Point]], best: Sequence[Outcome]
) -> tuple[Estimate | None, ...]:
    engaged = [_over(one.engagement, engagement_at(one.cost, hull)) for one, hull in zip(found, frontiers, strict=True)]
    costs = [cost_of(one.engagement, hull) for one, hull in zip(found, frontiers, strict=True)]
    cheaper = [-_over(one.cost, cost) for one, cost in zip(found, costs, strict=True) if cost is not None]
    return (
        estimate(engaged),
        estimate(cheaper) if len(cheaper) == len(found) else None,
        estimate(_each(found, best, lambda mine, theirs: _over(mine.engagement, theirs.engagement))),
        estimate(_each(found, best, lambda mine, theirs: -_over(mine.cost, theirs.cost))),
    )


def _over(mine: float, theirs: float) -> float:
    """How much more mine is, as a share of theirs; of nothing nothing can be said."""
    return mine / theirs - 1 if theirs else 0.0


def _each(
    mine: Sequence[Outcome], theirs: Sequence[Outcome], compare: Callable[[Outcome, Outcome], float]
) -> list[float]:
    return [compare(one, other) for one, other in zip(mine, theirs, strict=True)]


def _slope(one: Point, other: Point) -> float:
    return (other[1] - one[1]) / (other[0] - one[0]) if other[0] > one[0] else math.inf


def _between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The straight line through the points, level outside of them."""
    if x <= xs[0]:
        return ys[0]
    for left, right, low, high in zip(xs, xs[1:], ys, ys[1:], strict=False):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    return ys[-1]
