"""Begins where and when this person most likely engages for what it costs; the other channels follow as fallback.

What it learned from is in the evidence (`rules/bandit.py` tells how it is weighed). As long as there is too little of
it, `smart` is `sequential`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from orchestrator.rules.bandit import BLOCK_HOURS, Arm, ChannelEvidence, believed, bucket_of, drawn, propensities
from orchestrator.rules.faults import Fault, name_faults, number_faults
from orchestrator.rules.strategies.sequential import PUSH_FIRST, SEQUENTIAL
from orchestrator.rules.strategy import LONGEST_WAIT_SECONDS, LeftOut, Options, Step, Strategy, strategies
from orchestrator.rules.success import BY_PEOPLE

NEXT_AFTER_SECONDS = 3600
LONGEST_DELAY_SECONDS = 86_400
MOST_MICROS = 1_000_000_000_000
URGENCIES = ("critical", "high", "medium", "low")
LIMITS: Mapping[str, tuple[int, int]] = {
    "next_after_seconds": (0, LONGEST_WAIT_SECONDS),
    "value_micros": (1, MOST_MICROS),
    "disturbance_micros": (0, MOST_MICROS),
    "least_tries": (0, 1_000_000),
    "exploration_percent": (0, 100),
}
UNKNOWN = ChannelEvidence()
NOT_WORTH_IT = {"because": "not_worth_its_cost"}


@dataclass(frozen=True, slots=True)
class Considered:
    """The steps, and what a reader of the decision is told of how they came about."""

    steps: tuple[Step, ...]
    why: Mapping[str, Any]


class Smart(Strategy):
    """Thompson sampling picks the first channel and its hour, expected utility the order of the others.

    Channels named `along` cost nothing and wake nobody: they go with the first step and are not chosen among. A delay
    is only looked for within `most_delay_seconds` of the priority and before the message expires. An order that was
    asked for counts while there is too little evidence.

    Where success is engagement, a follow-up is left out when it is not worth its cost and `disturbance_micros`, what
    a message takes off people's patience. Where success is arrival, every channel stays: it is needed when others fail.
    """

    key = "smart"
    kind = "smart"
    title = "Smart"
    learns = True
    fields = (
        "steps", "along", "next_after_seconds", "value_micros", "disturbance_micros", "cost_micros",
        "most_delay_seconds", "least_tries", "exploration_percent",
    )  # fmt: skip
    defaults: ClassVar[Mapping[str, Any]] = {
        "steps": PUSH_FIRST,
        "along": ("in_app",),
        "next_after_seconds": NEXT_AFTER_SECONDS,
        "fallback_after_seconds": 60,
        "value_micros": 100_000,
        "disturbance_micros": 0,
        "cost_micros": {"email": 100, "sms": 8_300},  # where what was charged is not known; docs/smart.md has sources
        "most_delay_seconds": {"low": 14_400},
        "least_tries": 200,
        "exploration_percent": 2,
    }

    def __init__(self) -> None:
        self._last: tuple[tuple[Options, Mapping[str, Any]], Considered] | None = None

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        return self.consider(options, configuration).steps

    def told(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.consider(options, configuration).why

    def left_out(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, LeftOut]:
        conditional = any("when" in step for step in configuration.get("steps", ()))
        if configuration.get("success") not in BY_PEOPLE and not conditional:
            return {}
        used = {channel for step in self.steps(options, configuration) for channel in step.channels}
        return {c: LeftOut("not_in_strategy", NOT_WORTH_IT) for c in options.channels if c not in used}

    def consider(self, options: Options, configuration: Mapping[str, Any]) -> Considered:
        """Decide, and say why: the same for the same options and configuration, on every machine.

        One decision asks several times in a row; the draws are made once.
        """
        if (last := self._last) is not None and last[0] == (options, configuration):
            return last[1]
        considered = self._considered(options, configuration)
        self._last = (options, configuration), considered
        return considered

    def _considered(self, options: Options, configuration: Mapping[str, Any]) -> Considered:
        settings = {**self.defaults, **configuration}
        along = tuple(channel for channel in options.channels if channel in settings["along"])
        options = replace(options, channels=tuple(c for c in options.channels if c not in along) or along)
        considered = self._consider(options, settings)
        return considered if options.channels == along else _together(considered, along)

    def _consider(self, options: Options, settings: Mapping[str, Any]) -> Considered:
        evidence = {name: found for name, found in options.evidence.items() if isinstance(found, ChannelEvidence)}
        if unfit := _unfit(options, evidence, least_tries=settings["least_tries"]):
            return Considered(tuple(SEQUENTIAL.steps(options, settings)), {"like": "sequential", **unfit})
        arms = _arms(options, settings, evidence)
        shares = propensities(arms, seed=options.seed, exploration=settings["exploration_percent"] / 100)
        place = drawn(shares, seed=options.seed)
        first = arms[place]
        rest = _by_utility([arm for arm in arms if arm.channel != first.channel])
        if settings.get("success") in BY_PEOPLE:
            rest = [arm for arm in rest if arm.expected > 0]
        steps = [Step((first.channel,), first.delay_seconds)]
        steps += [Step((arm.channel,), settings["next_after_seconds"]) for arm in rest]
        return Considered(tuple(steps), _why(arms, shares, place, evidence))

    def draws_without_evidence(self, configuration: Mapping[str, Any]) -> bool:
        """Where nothing is known, it does what `sequential` would, unless it was told to draw all the same."""
        return bool({**self.defaults, **configuration}["least_tries"] <= 0)

    def faults(self, configuration: Mapping[str, Any]) -> Iterator[Fault]:
        settings = {**self.defaults, **configuration}
        yield from SEQUENTIAL.faults(settings)
        for name, (least, most) in LIMITS.items():
            yield from number_faults(settings, name, least=least, most=most)
        if not isinstance(settings["along"], list | tuple):
            yield Fault("/along", "not_a_list", f"along is {settings['along']!r:.80}; give a list of channels")
        yield from _faults_by_name(settings, "cost_micros", most=MOST_MICROS)
        yield from _faults_by_name(settings, "most_delay_seconds", most=LONGEST_DELAY_SECONDS, known=URGENCIES)


def _unfit(options: Options, evidence: Mapping[str, ChannelEvidence], *, least_tries: int) -> dict[str, Any]:
    """Why there is nothing to be learned from here; empty: there is."""
    if len(options.channels) < 2:
        return {"because": "no_choice"}
    tries = sum(evidence.get(channel, UNKNOWN).tenant[0] for channel in options.channels)
    if tries < least_tries:
        return {"because": "too_little_evidence", "tries": round(tries), "least_tries": least_tries}
    return {}


def _together(considered: Considered, along: Sequence[str]) -> Considered:
    if not along:
        return considered
    first, *rest = considered.steps
    return replace(considered, steps=(Step((*first.channels, *along), first.after_seconds), *rest))


def _arms(options: Options, settings: Mapping[str, Any], evidence: Mapping[str, ChannelEvidence]) -> list[Arm]:
    """Every usable channel at every moment that is allowed, the soonest first."""
    local = options.at.astimezone(ZoneInfo(options.timezone))
    arms = []
    for delay in _delays(options, settings):
        bucket = bucket_of(local + timedelta(seconds=delay))
        for channel in options.channels:
            known = evidence.get(channel, UNKNOWN)
            cost = settings["cost_micros"].get(channel, 0) if known.cost_micros is None else known.cost_micros
            cost += settings["disturbance_micros"]
            belief = believed(channel, known, bucket)
            arms.append(Arm(channel, delay, belief, float(settings["value_micros"]), float(cost)))
    return arms


def looks_ahead(configuration: Mapping[str, Any], urgency: str) -> int:
    """How many seconds after its beginning a message of this urgency may go out at the latest, for a better hour."""
    return int(configuration.get("most_delay_seconds", Smart.defaults["most_delay_seconds"]).get(urgency, 0))


def _delays(options: Options, settings: Mapping[str, Any]) -> list[int]:
    """Seconds from now: at once, and some time into each later part of the day, spread so that not all come at once."""
    most = looks_ahead(settings, options.urgency)
    if options.expires_at is not None:
        most = min(most, int((options.expires_at - options.at).total_seconds()) - 1)
    local = options.at.astimezone(ZoneInfo(options.timezone))
    into_block = local.hour % BLOCK_HOURS * 3600 + local.minute * 60 + local.second
    begins = range(BLOCK_HOURS * 3600 - into_block, max(most, 0) + 1, BLOCK_HOURS * 3600)
    return [0, *(delay for begin in begins if (delay := begin + options.seed % 3600) <= most)]


def _by_utility(arms: Sequence[Arm]) -> list[Arm]:
    """Of every channel the soonest arm, by what it is worth, best first; of equals the first asked for."""
    soonest = {arm.channel: arm for arm in reversed(arms)}
    return sorted((soonest[channel] for channel in dict.fromkeys(arm.channel for arm in arms)), key=_worth)


def _worth(arm: Arm) -> float:
    return -arm.expected


def _why(
    arms: Sequence[Arm], shares: Sequence[float], place: int, evidence: Mapping[str, ChannelEvidence]
) -> dict[str, Any]:
    drawn_arm = {"channel": arms[place].channel, "delay_seconds": arms[place].delay_seconds}
    return {
        "segment": next((known.segment for known in evidence.values() if known.segment), ""),
        "drawn": {**drawn_arm, "propensity": round(shares[place], 4)},
        "arms": [
            {
                "channel": arm.channel,
                "delay_seconds": arm.delay_seconds,
                "propensity": round(share, 4),
                "chance": round(arm.belief.mean, 4),
                "cost_micros": round(arm.cost),
            }
            for arm, share in zip(arms, shares, strict=True)
        ],
    }


def _faults_by_name(settings: Mapping[str, Any], name: str, *, most: int, known: Sequence[str] = ()) -> Iterator[Fault]:
    given = settings[name]
    if not isinstance(given, Mapping):
        yield Fault(f"/{name}", "not_an_object", f"{name} is {given!r:.80}; give an object of whole numbers by name")
        return
    yield from name_faults(given, known=known or given, below=f"/{name}")
    for key in given:
        yield from number_faults(given, key, least=0, most=most, below=f"/{name}")


SMART = strategies.register(Smart())
