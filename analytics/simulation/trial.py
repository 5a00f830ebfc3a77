"""Let one strategy speak to a population for some days, by the steps that its own rules choose."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any

from analytics.simulation.contenders import Contender
from analytics.simulation.learner import Learner
from analytics.simulation.population import Luck, Occasion, Population, SimulatedPerson
from orchestrator.rules.strategy import Options, Step
from orchestrator.rules.success import BY_PEOPLE

LOW, MEDIUM = 3, 2
HALF_LIFE = timedelta(days=60)  # as ORCHESTRATOR_ENGAGEMENT_HALF_LIFE_DAYS, unless configured otherwise


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, over the days that count."""

    occasions: int
    engaged: int
    messages: int
    cost_micros: int

    @property
    def engagement(self) -> float:
        """The share of occasions on which the person engaged, on whatever channel."""
        return self.engaged / self.occasions if self.occasions else 0.0

    @property
    def cost(self) -> float:
        """Millionths of the currency for one occasion."""
        return self.cost_micros / self.occasions if self.occasions else 0.0


def run(contender: Contender, world: Population, story: Sequence[Occasion], *, counted_from: datetime) -> Outcome:
    """Speak on every occasion of `story`; those before `counted_from` are only learned from."""
    learner = Learner(HALF_LIFE)
    tired: dict[int, _Tired] = {}
    counts = {"occasions": 0, "engaged": 0, "messages": 0, "cost_micros": 0}
    for occasion in story:
        person = occasion.person
        known = contender.channels or tuple(world.channels)
        channels = tuple(channel for channel in known if channel in person.leanings)
        steps = contender.strategy.steps(_options(contender, occasion, channels, learner), contender.configuration)
        told = _Told(world, occasion, tired.setdefault(person.number, _Tired(world, occasion.at)), learner)
        told.tell(steps, contender.configuration)
        if occasion.at >= counted_from:
            counts["occasions"] += 1
            counts["engaged"] += told.engaged_at is not None
            counts["messages"] += told.messages
            counts["cost_micros"] += told.cost_micros
    return Outcome(**counts)


def _options(contender: Contender, occasion: Occasion, channels: tuple[str, ...], learner: Learner) -> Options:
    evidence = learner.evidence(occasion.person.number, channels, occasion.at) if contender.learns else {}
    priority = LOW if occasion.low else MEDIUM
    return Options(channels, ordered=False, priority=priority, at=occasion.at, evidence=evidence, seed=occasion.seed)


class _Told:
    """One occasion as it unfolds: steps become due unless the one before has succeeded, sooner when it failed."""

    def __init__(self, world: Population, occasion: Occasion, tired: "_Tired", learner: Learner) -> None:
        self._world, self._occasion, self._tired, self._learner = world, occasion, tired, learner
        self._deadline = occasion.at + timedelta(hours=world.deadline_hours)
        self.engaged_at: datetime | None = None
        self.messages = self.cost_micros = 0

    def tell(self, steps: Iterable[Step], configuration: Mapping[str, Any]) -> None:
        sooner = timedelta(seconds=configuration.get("fallback_after_seconds", 60))
        until_engaged = configuration.get("success") in BY_PEOPLE
        due, arrived = self._occasion.at, True
        for number, step in enumerate(steps):
            wait = timedelta(seconds=step.after_seconds)
            due += wait if arrived or not number else min(wait, sooner)
            if due >= self._deadline or (self.engaged_at is not None and self.engaged_at <= due):
                return
            arrived = any(list(map(self._send, step.channels, repeat(due))))
            if arrived and not until_engaged:
                return

    def _send(self, channel: str, at: datetime) -> bool:
        """Whether it arrived. What does not arrive was paid for and disturbs nobody."""
        life, luck = self._world.channels[channel], self._occasion.luck[channel]
        self.messages += 1
        self.cost_micros += life.cost_micros
        arrived = luck.delivered < life.delivered
        engaged_at = self._engaged_at(channel, luck, at) if arrived else None
        self._learner.sent(self._occasion.person.number, channel, at, engaged_at)
        if arrived:
            self._tired.disturb(at)
        if engaged_at is not None:
            self.engaged_at = engaged_at if self.engaged_at is None else min(self.engaged_at, engaged_at)
        return arrived

    def _engaged_at(self, channel: str, luck: Luck, at: datetime) -> datetime | None:
        world, occasion = self._world, self._occasion
        log_odds = (
            occasion.person.leanings[channel]
            + occasion.interest
            + world.channels[channel].perishable * _readiness(world, occasion.person, at)
            - self._tired.log_odds(at)
        )
        moment = at + luck.after
        return moment if luck.engaged < 1 / (1 + math.exp(-log_odds)) and moment < self._deadline else None


def _readiness(world: Population, person: SimulatedPerson, at: datetime) -> float:
    hours = at.hour + at.minute / 60 - person.peak_hour
    return world.day.swing * math.cos(hours * math.tau / 24)


class _Tired:
    """How many messages somebody still feels."""

    def __init__(self, world: Population, at: datetime) -> None:
        self._fatigue, self._felt, self._as_of = world.fatigue, 0.0, at

    def disturb(self, at: datetime) -> None:
        self._felt = self._left(at) + 1
        self._as_of = max(at, self._as_of)

    def log_odds(self, at: datetime) -> float:
        return self._fatigue.per_message * self._left(at)

    def _left(self, at: datetime) -> float:
        return self._felt * math.exp(-max((at - self._as_of) / timedelta(days=self._fatigue.days), 0.0))
