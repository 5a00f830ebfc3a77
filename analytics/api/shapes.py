"""What figures look like."""

from typing import Annotated

from msgspec import Meta, Struct

from analytics.rules.latency import quantile_ms
from analytics.rules.rates import rates_of
from analytics.rules.rollups import OUTCOMES
from analytics.values import Figures


class CostOfGroup(Struct, kw_only=True):
    """What messages were charged in one currency, in millionths of it. What costs nothing is not in here."""

    currency: str
    messages: int
    micros: int
    micros_per_message: float


class RateOfGroup(Struct, kw_only=True):
    """`count` of `of`. Both are of what happened in the time: what people do with earlier messages counts too."""

    count: int
    of: int
    rate: Annotated[float | None, Meta(description="null of nothing")]


class RatesOfGroup(Struct, kw_only=True):
    """`success` is what providers took of all that was tried to the end; `click_to_open` is of what was opened; all
    others are of what was sent."""

    success: RateOfGroup
    delivery: RateOfGroup
    bounce: RateOfGroup
    open: RateOfGroup
    click: RateOfGroup
    click_to_open: RateOfGroup
    conversion: RateOfGroup
    unsubscribe: RateOfGroup
    complaint: RateOfGroup


class LatencyOfGroup(Struct, kw_only=True):
    """From when messages were to go out at the earliest until a provider had them. Later steps of a strategy wait
    before they go. `median` and `p95` come from a histogram: at most 1.42 times off, usually far less."""

    count: int
    mean: float | None
    median: float | None
    p95: float | None


def outcomes_shown(figures: Figures) -> dict[str, int]:
    """Those that were come to, in their usual order."""
    return {name: figures.number(name) for name in OUTCOMES if figures.number(name)}


def costs_shown(figures: Figures) -> list[CostOfGroup]:
    return [
        CostOfGroup(
            currency=currency,
            messages=cost.messages,
            micros=cost.micros,
            micros_per_message=round(cost.micros / cost.messages, 2),
        )
        for currency, cost in sorted(figures.costs.items())
    ]


def rates_shown(figures: Figures) -> RatesOfGroup:
    return RatesOfGroup(
        **{
            name: RateOfGroup(count=one.count, of=one.of, rate=None if one.rate is None else round(one.rate, 4))
            for name, one in rates_of(figures).items()
        }
    )


def latency_shown(figures: Figures) -> LatencyOfGroup:
    sent = figures.outcomes.get("sent")
    timed = sent.timed if sent else 0
    return LatencyOfGroup(
        count=timed,
        mean=_seconds(sent.latency_ms / timed) if sent and timed else None,
        median=_seconds(quantile_ms(figures.took, 0.5)),
        p95=_seconds(quantile_ms(figures.took, 0.95)),
    )


def mean_latencies_shown(figures: Figures) -> dict[str, float]:
    """Seconds, of every outcome where they are known."""
    return {
        name: round(found.latency_ms / found.timed / 1000, 3)
        for name in OUTCOMES
        if (found := figures.outcomes.get(name)) is not None and found.timed
    }


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 3)
