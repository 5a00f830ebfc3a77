"""What travels through the benchmark: measures, goals, turns, and what became of a workload."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from config.bench.figures import Figure, ratio

CARILLON = "Carillon"


class Trouble(Exception):
    """The benchmark cannot go on with what it was doing; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured in each turn."""

    key: str
    words: str  # as the report says it: "sent"
    unit: str  # "/s", "ms", "MB", "" = a plain number


@dataclass(frozen=True, slots=True)
class Goal:
    """What a measure of Carillon has to reach: an absolute figure, or so many times that of an anchor."""

    id: str  # of PERFORMANCE: P1
    measure: str
    floor: float
    goal: float
    over: str = ""  # the anchor's name; "" = the figure itself
    over_measure: str = ""  # of the anchor; "" = the same
    of: str = CARILLON
    at_most: bool = False  # less is better

    def words(self, measures: Mapping[str, Measure]) -> str:
        """What is compared."""
        said = measures[self.measure].words
        if not self.over:
            return said
        anchor = measures[self.over_measure or self.measure].words
        return f"{said} ÷ {self.over}" + ("" if anchor == said else f" {anchor}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of one contender. `troubles` says what was not done; figures of a troubled turn count for nothing."""

    size: int
    figures: Mapping[str, float]
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who does the work of a workload. `turn` is given how much of it, and does it to its end."""

    name: str
    about: str  # one line: how it does it
    size: int
    turn: Callable[[int], Turn]
    absent: str = ""  # why it cannot take part


@dataclass(frozen=True, slots=True)
class Tally:
    """What all turns of one contender came to."""

    name: str
    about: str
    size: int
    figures: Mapping[str, Figure]
    troubles: tuple[str, ...] = ()
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one goal stands. `value` is `None` when something it needs was not measured."""

    goal: Goal
    words: str
    value: float | None

    @property
    def standing(self) -> str:
        """goal, floor, missed, or unknown."""
        if self.value is None:
            return "unknown"
        if self._reaches(self.goal.goal):
            return "goal"
        return "floor" if self._reaches(self.goal.floor) else "missed"

    def _reaches(self, bound: float) -> bool:
        assert self.value is not None
        return self.value <= bound if self.goal.at_most else self.value >= bound


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one workload."""

    id: str
    title: str
    conditions: tuple[str, ...]
    measures: tuple[Measure, ...]
    goals: tuple[Goal, ...]
    tallies: tuple[Tally, ...]
    troubles: tuple[str, ...] = ()  # of the workload as a whole: the ledger does not balance
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether all the work was done."""
        return not self.troubles and not any(tally.troubles for tally in self.tallies)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Every goal, in its order."""
        named = {measure.key: measure for measure in self.measures}
        return tuple(Verdict(goal, goal.words(named), self._value(goal)) for goal in self.goals)

    def _value(self, goal: Goal) -> float | None:
        mine = self._median(goal.of, goal.measure)
        if not goal.over or mine is None:
            return mine
        anchor = self._median(goal.over, goal.over_measure or goal.measure)
        return None if anchor is None else ratio(mine, anchor)

    def _median(self, contender: str, measure: str) -> float | None:
        for tally in self.tallies:
            if tally.name == contender and measure in tally.figures:
                return tally.figures[measure].median
        return None
