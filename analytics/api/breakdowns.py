"""`/analytics/channels`, `/types` and `/strategies`: how well each of them does."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api.asking import TIMES, asked_of, question
from analytics.api.shapes import (
    CostOfGroup,
    LatencyOfGroup,
    RatesOfGroup,
    costs_shown,
    latency_shown,
    outcomes_shown,
    rates_shown,
)
from analytics.selectors import DIMENSIONS, Dimension, counted_with_latency, together
from analytics.values import Figures
from tenants.api.base import TenantView
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ


class FiguresShown(Struct, kw_only=True):
    """How well messages do."""

    outcomes: dict[str, int]
    rates: RatesOfGroup
    latency_seconds: LatencyOfGroup
    costs: list[CostOfGroup]


class BreakdownRow(FiguresShown, kw_only=True):
    """Those of one channel, type or strategy; with `group_by` one row for each `group` of it."""

    key: Annotated[str, Meta(description="Of the channel, type or strategy; empty for messages without a type.")]
    group: str | None


class BreakdownShown(Struct, kw_only=True):
    """How well each does between two whole hours, `from` included and `to` not."""

    from_: Moment = field(name="from")
    to: Moment
    group_by: str | None
    tz: str
    totals: FiguresShown
    results: list[BreakdownRow]


def _question(name: str, dimension: Dimension) -> type:
    others = tuple(one for one in DIMENSIONS if one != dimension)
    found: type = question(name, group_by=(*others, *TIMES), unless_given=f"one row for each {dimension} unless given")
    return found


ChannelsQuestion = _question("ChannelsQuestion", "channel")
TypesQuestion = _question("TypesQuestion", "type")
StrategiesQuestion = _question("StrategiesQuestion", "strategy")


class _Breakdown(TenantView):
    """By one dimension, in two statements."""

    scopes = {"GET": READ}
    dimension: ClassVar[Dimension]
    question: ClassVar[type]

    def answer(self, request: Request) -> Response:
        asked, by = asked_of(request, self.caller, question=self.question, by=(self.dimension,))
        groups = counted_with_latency(asked)
        return Response(
            BreakdownShown(
                from_=asked.since,
                to=asked.until,
                group_by=by or None,
                tz=asked.zone.key,
                totals=FiguresShown(**_fields(together(groups))),
                results=[
                    BreakdownRow(key=group.key[0], group=group.key[1] if by else None, **_fields(group.figures))
                    for group in groups
                ],
            )
        )


class Channels(_Breakdown):
    """Channels beside each other."""

    dimension, question = "channel", ChannelsQuestion

    @operation("Compare channels", answers={200: BreakdownShown}, query=ChannelsQuestion)
    def get(self, request: Request) -> Response:
        """Success, delivery and engagement, latency and cost of each, live or test, as the key is."""
        return self.answer(request)


class Types(_Breakdown):
    """Notification types beside each other."""

    dimension, question = "type", TypesQuestion

    @operation("Compare notification types", answers={200: BreakdownShown}, query=TypesQuestion)
    def get(self, request: Request) -> Response:
        """Success, delivery and engagement, latency and cost of each, live or test, as the key is."""
        return self.answer(request)


class Strategies(_Breakdown):
    """Strategies beside each other."""

    dimension, question = "strategy", StrategiesQuestion

    @operation("Compare strategies", answers={200: BreakdownShown}, query=StrategiesQuestion)
    def get(self, request: Request) -> Response:
        """Success, delivery and engagement, latency and cost of each, live or test, as the key is."""
        return self.answer(request)


def _fields(figures: Figures) -> dict[str, Any]:
    return {
        "outcomes": outcomes_shown(figures),
        "rates": rates_shown(figures),
        "latency_seconds": latency_shown(figures),
        "costs": costs_shown(figures),
    }
