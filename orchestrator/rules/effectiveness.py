"""What is known of how well a channel reaches people and what it costs, and in which order that puts channels: pure.

A share measured on few messages is drawn towards what is believed without measuring: it counts as if `BELIEF` more
messages had shown the believed share. Without any measurement the belief alone is the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BELIEF = 50  # messages that what is believed weighs as much as
BEST, STEP, WORST = 0.60, 0.05, 0.20  # believed share of the first channel of an order, of each next one, and at least

# Millionths of the account's currency per message as an order of magnitude; accounts that tell their price count first.
USUAL_COST_MICROS: Mapping[str, int] = {
    "in_app": 0,
    "web_push": 0,
    "push": 0,
    "webhook": 0,
    "chat": 1,
    "email": 500,
    "sms": 50_000,
}
DEAREST = 1_000_000  # a channel that nobody said the price of


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of the messages of a channel; fractions, because the past may fade. `cost_micros` is what one costs;
    `None` = nobody knows."""

    sends: float = 0
    successes: float = 0
    cost_micros: int | None = None


def by_effectiveness(
    channels: Sequence[str], *, measured: Mapping[str, Measured], order: Sequence[str]
) -> tuple[str, ...]:
    """The channels, the one that reaches people best first; `order` is what is believed, best first."""
    return tuple(sorted(channels, key=lambda channel: (-_share(channel, measured, order), _place(channel, order))))


def by_cost(
    channels: Sequence[str], *, measured: Mapping[str, Measured], order: Sequence[str], costs: Mapping[str, int]
) -> tuple[str, ...]:
    """The channels, the cheapest first; of two that cost the same, the one that reaches people better."""
    ranked = by_effectiveness(channels, measured=measured, order=order)
    return tuple(sorted(ranked, key=lambda channel: _cost(channel, measured, costs)))


def _share(channel: str, measured: Mapping[str, Measured], order: Sequence[str]) -> float:
    found = measured.get(channel, Measured())
    believed = max(BEST - STEP * _place(channel, order), WORST)
    return (found.successes + BELIEF * believed) / (found.sends + BELIEF)


def _cost(channel: str, measured: Mapping[str, Measured], costs: Mapping[str, int]) -> int:
    told = measured.get(channel, Measured()).cost_micros
    if channel in costs:
        return costs[channel]
    return told if told is not None else USUAL_COST_MICROS.get(channel, DEAREST)


def _place(channel: str, order: Sequence[str]) -> int:
    return order.index(channel) if channel in order else len(order)
