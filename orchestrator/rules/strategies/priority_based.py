"""The more urgent, the more channels at once; the less urgent, the cheaper the one that goes first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.rules.bandit import ChannelEvidence
from orchestrator.rules.effectiveness import Measured, by_cost, by_effectiveness
from orchestrator.rules.faults import name_faults, number_faults, word_faults
from orchestrator.rules.strategy import LONGEST_WAIT_SECONDS, Fault, LeftOut, Options, Step, Strategy, strategies

URGENCIES = ("critical", "high", "medium", "low")
ORDER = ("push", "in_app", "web_push", "email", "chat", "sms", "webhook")  # best first, as long as nothing is measured
RANKINGS = ("effectiveness", "cost")
RESTS = ("one_by_one", "together", "never")  # what becomes of the channels that do not go first
EVERYTHING = 0  # `begin_with`
MOST_CHANNELS = 50
MOST_COST_MICROS = 1_000_000_000

LEVELS: Mapping[str, Mapping[str, Any]] = {
    "critical": {"begin_with": EVERYTHING},
    "high": {"begin_with": 2, "rank_by": "effectiveness", "rest": "together", "next_after_seconds": 300},
    "medium": {"begin_with": 1, "rank_by": "effectiveness", "rest": "one_by_one", "next_after_seconds": 1800},
    "low": {"begin_with": 1, "rank_by": "cost", "rest": "one_by_one", "next_after_seconds": 14_400},
}


class PriorityBased(Strategy):
    """By urgency: critical uses every channel at once; high the two that reach people best, five minutes later the
    rest; medium one after the other, the best first; low one after the other, the cheapest first.

    How well a channel does and what it costs is what was learned of the tenant's messages (`Options.evidence`); as long
    as there is little of it, `order` and the usual prices count. An order given in the request wins over any ranking. A
    level that the configuration leaves out is the one of `LEVELS`.
    """

    key = "priority_based"
    kind = "priority_based"
    title = "By priority"
    defaults: ClassVar[Mapping[str, Any]] = {
        "levels": LEVELS, "order": ORDER, "cost_micros": {}, "fallback_after_seconds": 60,
    }  # fmt: skip
    learns = True
    draws = False
    fields = ("levels", "order", "cost_micros")

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        level = _level(configuration, options.urgency)
        ranked = _ranked(options, configuration, by=level.get("rank_by", "effectiveness"))
        number = level.get("begin_with", EVERYTHING) or len(ranked)
        wait = level.get("next_after_seconds", 0)
        first, rest = ranked[:number], ranked[number:]
        steps = [Step(first)] if first else []
        match level.get("rest", "one_by_one"):
            case "together" if rest:
                steps.append(Step(rest, wait))
            case "one_by_one":
                steps += [Step((channel,), wait) for channel in rest]
        return tuple(steps)

    def told(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        by = _level(configuration, options.urgency).get("rank_by", RANKINGS[0])
        ranked = _ranked(options, configuration, by=by)
        return {"urgency": options.urgency, "ranked_by": "request" if options.ordered else by, "ranked": list(ranked)}

    def left_out(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, LeftOut]:
        used = {channel for step in self.steps(options, configuration) for channel in step.channels}
        return {channel: LeftOut("not_in_strategy") for channel in options.channels if channel not in used}

    def faults(self, configuration: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().faults(configuration)
        levels = configuration.get("levels", {})
        if isinstance(levels, Mapping):
            yield from name_faults(levels, known=URGENCIES, below="/levels")
            for urgency in levels.keys() & set(URGENCIES):
                yield from _level_faults(levels[urgency], below=f"/levels/{urgency}")
        else:
            yield Fault("/levels", "bad_level", f"levels is {levels!r:.80}; give an object with {', '.join(URGENCIES)}")
        order = configuration.get("order", ORDER)
        if not isinstance(order, list | tuple) or not all(isinstance(name, str) for name in order):
            yield Fault("/order", "bad_order", f"order is {order!r:.80}; list channels, the best first")
        costs = configuration.get("cost_micros", {})
        if not isinstance(costs, Mapping):
            yield Fault(
                "/cost_micros", "bad_cost", f"cost_micros is {costs!r:.80}; give an object, such as {{'sms': 50000}}"
            )
            return
        for channel in costs:
            yield from number_faults(costs, channel, least=0, most=MOST_COST_MICROS, below="/cost_micros")


def _measured(found: ChannelEvidence) -> Measured:
    sends, successes = found.tenant
    return Measured(sends, successes, found.cost_micros)


def _level(configuration: Mapping[str, Any], urgency: str) -> Mapping[str, Any]:
    given: Mapping[str, Any] = configuration.get("levels", {}).get(urgency, {})
    return {**LEVELS[urgency], **given}


def _ranked(options: Options, configuration: Mapping[str, Any], *, by: str) -> tuple[str, ...]:
    if options.ordered:
        return options.channels
    measured = {name: _measured(found) for name, found in options.evidence.items()}
    order = configuration.get("order", ORDER)
    if by == "cost":
        costs = configuration.get("cost_micros", {})
        return by_cost(options.channels, measured=measured, order=order, costs=costs)
    return by_effectiveness(options.channels, measured=measured, order=order)


def _level_faults(level: Any, *, below: str) -> Iterator[Fault]:
    if not isinstance(level, Mapping):
        yield Fault(below, "bad_level", f"{level!r:.80} is no level; give an object such as {{'begin_with': 1}}")
        return
    yield from name_faults(level, known=("begin_with", "rank_by", "rest", "next_after_seconds"), below=below)
    yield from number_faults(level, "begin_with", least=EVERYTHING, most=MOST_CHANNELS, below=below)
    yield from number_faults(level, "next_after_seconds", least=0, most=LONGEST_WAIT_SECONDS, below=below)
    yield from word_faults(level, "rank_by", known=RANKINGS, default=RANKINGS[0], below=below)
    yield from word_faults(level, "rest", known=RESTS, default=RESTS[0], below=below)


PRIORITY_BASED = strategies.register(PriorityBased())
