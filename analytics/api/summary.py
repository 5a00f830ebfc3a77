"""`/analytics/summary`: what became of messages."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct, field
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api.asking import TIMES, asked_of, question
from analytics.api.shapes import CostOfGroup, costs_shown, mean_latencies_shown, outcomes_shown
from analytics.rules.rollups import OUTCOMES
from analytics.selectors import DIMENSIONS, counted, together
from analytics.values import Figures, Group
from tenants.api.base import TenantView
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ

GROUPINGS = (*DIMENSIONS, "outcome", *TIMES)


class GroupShown(Struct, kw_only=True):
    """One group. `latency_seconds` is the mean from when they were to go out until the outcome, where it is known."""

    group: str
    outcomes: dict[str, int]
    attempts: Annotated[int, Meta(description="Provider calls that ended.")]
    latency_seconds: dict[str, float]
    costs: list[CostOfGroup]


class SummaryShown(Struct, kw_only=True):
    """What became of messages between two whole hours, `from` included and `to` not."""

    from_: Moment = field(name="from")
    to: Moment
    group_by: str
    tz: str
    totals: GroupShown
    results: list[GroupShown]


SummaryQuestion = question(
    "SummaryQuestion", group_by=GROUPINGS, unless_given="channel unless given", more={"outcome": OUTCOMES}
)


class Summary(TenantView):
    """Counts by channel, type, strategy, outcome, hour or day."""

    scopes = {"GET": READ}

    @operation("Summarise deliveries", answers={200: SummaryShown}, query=SummaryQuestion)
    def get(self, request: Request) -> Response:
        """Counted from the event log, usually within a minute; live or test, as the key is.

        A delivery counts once for each outcome it came to, when it came to it.
        """
        asked, by = asked_of(request, self.caller, question=SummaryQuestion, group_by="channel")
        groups = counted(asked)
        total = together(groups)
        return Response(
            SummaryShown(
                from_=asked.since,
                to=asked.until,
                group_by=by,
                tz=asked.zone.key,
                totals=_shown("", total),
                results=[
                    _shown(group.key[0], group.figures) for group in (_by_outcome(total) if by == "outcome" else groups)
                ],
            )
        )


def _by_outcome(figures: Figures) -> Iterable[Group]:
    """One group for each outcome; what messages were charged belongs to their having been sent."""
    for name in sorted(set(OUTCOMES) & set(figures.outcomes)):
        costs = figures.costs if name == "sent" else {}
        yield Group((name,), Figures({name: figures.outcomes[name]}, costs))


def _shown(name: str, figures: Figures) -> GroupShown:
    return GroupShown(
        group=name,
        outcomes=outcomes_shown(figures),
        attempts=sum(found.attempts for found in figures.outcomes.values()),
        latency_seconds=mean_latencies_shown(figures),
        costs=costs_shown(figures),
    )
