"""Look at the rollups, grouped and summed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncDay

from analytics.models import Rollup
from analytics.values import Figures
from kernel.clock import iso

GROUPINGS = ("channel", "type", "strategy", "outcome", "hour", "day")


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its name and the figures of each outcome. `cost_micros` in millionths of the currency."""

    name: str
    figures: Mapping[str, Figures]
    cost_micros: int


def grouped(rows: QuerySet[Rollup], *, by: str, zone: ZoneInfo) -> list[Group]:
    """`rows` summed by one of `GROUPINGS`, by name. Days are those of `zone`, to the whole hours of UTC."""
    key = TruncDay("hour", tzinfo=zone) if by == "day" else F(by)
    summed = (
        rows.order_by()
        .annotate(group=key)
        .values_list("group", "outcome")
        .annotate(Sum("count"), Sum("attempts"), Sum("timed"), Sum("latency_ms"), Sum("cost_micros"))
    )
    figures: dict[str, dict[str, Figures]] = defaultdict(dict)
    costs: dict[str, int] = defaultdict(int)
    for group, outcome, count, attempts, timed, latency_ms, cost in summed:
        name = _name(group, by)
        figures[name][outcome] = Figures(count, attempts, timed, latency_ms)
        costs[name] += cost
    return [Group(name, figures[name], costs[name]) for name in sorted(figures)]


def together(groups: list[Group]) -> Group:
    """All of them as one."""
    total: dict[str, Figures] = defaultdict(Figures)
    for group in groups:
        for outcome, found in group.figures.items():
            sum_ = total[outcome]
            sum_.count += found.count
            sum_.attempts += found.attempts
            sum_.timed += found.timed
            sum_.latency_ms += found.latency_ms
    return Group("", dict(total), sum(group.cost_micros for group in groups))


def _name(group: Any, by: str) -> str:
    match group:
        case datetime() if by == "day":
            return date.isoformat(group.date())
        case datetime():
            return iso(group)
        case _:
            return str(group)
