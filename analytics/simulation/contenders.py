"""Who takes part: every static strategy there is to fear, and `smart` as it is and as it may be configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analytics.simulation.population import Population
from orchestrator.rules.strategies.immediate import IMMEDIATE
from orchestrator.rules.strategies.sequential import SEQUENTIAL, SEQUENTIAL_EMAIL_FIRST
from orchestrator.rules.strategies.smart import SMART
from orchestrator.rules.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Contender:
    """A strategy as it takes part. `channels` narrows what it may use; `learns`: it is given evidence."""

    name: str
    strategy: Strategy
    configuration: Mapping[str, Any] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    learns: bool = False


UNTIL_CLICKED = {"success": "clicked"}
# An engagement is worth … and a message costs … of people's patience; in millionths, as prices are.
THRIFTY = {"value_micros": 20_000}
PERSISTENT = {**UNTIL_CLICKED, "value_micros": 200_000, "disturbance_micros": 6_000, "next_after_seconds": 3 * 3600}
LAVISH = {**UNTIL_CLICKED, "value_micros": 1_000_000, "disturbance_micros": 30_000, "next_after_seconds": 3 * 3600}


def contenders(world: Population) -> list[Contender]:
    push_first, email_first = SEQUENTIAL.defaults, SEQUENTIAL_EMAIL_FIRST.defaults
    return [
        *(Contender(f"{channel} only", IMMEDIATE, channels=(channel,)) for channel in world.channels),
        Contender("immediate, all channels", IMMEDIATE),
        Contender("sequential, push first", SEQUENTIAL, push_first),
        Contender("sequential, e-mail first", SEQUENTIAL_EMAIL_FIRST, email_first),
        Contender("push first, until clicked", SEQUENTIAL, {**push_first, **UNTIL_CLICKED}),
        Contender("e-mail first, until clicked", SEQUENTIAL_EMAIL_FIRST, {**email_first, **UNTIL_CLICKED}),
        _smart(world, "smart"),
        _smart(world, "smart, thrifty", **THRIFTY),
        _smart(world, "smart, until clicked", **PERSISTENT),
        _smart(world, "smart, until clicked, lavish", **LAVISH),
    ]  # fmt: skip


def _smart(world: Population, name: str, **configuration: Any) -> Contender:
    prices = {channel: life.cost_micros for channel, life in world.channels.items()}
    return Contender(name, SMART, {**SMART.defaults, "cost_micros": prices, **configuration}, learns=True)
