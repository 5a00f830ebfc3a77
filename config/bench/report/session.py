"""One run of the bench as a whole, as every report tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from config.bench.figures import Figure
from config.bench.values import Measure, Result, Verdict

SYMBOLS = {"goal": "goal reached", "floor": "above the floor", "missed": "below the floor", "unknown": "not measured"}


QUICK = "A quick run shakes out mistakes; its figures are too short to judge by."
SIZED = "The size was given: it is not the one by which the workload is judged."


@dataclass(frozen=True, slots=True)
class Spent:
    """Where a worker's time went: a function's share of all, alone and with what it calls."""

    where: str
    calls: int
    own: float
    within: float


@dataclass(frozen=True, slots=True)
class Session:
    """`command` is what was typed; `caveat`, if there is one, why nobody is to be judged by this run; `facts` are the
    machine, versions and promises of the servers.
    """

    at: datetime
    command: str
    repeats: int
    caveat: str
    facts: Mapping[str, str]
    results: tuple[Result, ...]
    profile: tuple[Spent, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every contender did all of its work."""
        return all(result.sound for result in self.results)

    @property
    def missed(self) -> tuple[Verdict, ...]:
        """The goals whose floor was not reached."""
        found = (verdict for result in self.results for verdict in result.verdicts)
        return tuple(verdict for verdict in found if verdict.standing == "missed")


def figure_words(figure: Figure | None, measure: Measure) -> str:
    """Median and, where there were several turns, the least and the most."""
    if figure is None:
        return "–"
    said = f"{number_words(figure.median)} {measure.unit}".rstrip()
    if len(figure.values) == 1:
        return said
    return f"{said} ({number_words(figure.low)} to {number_words(figure.high)})"


def number_words(value: float) -> str:
    """Three digits that mean something: 24,100 and 8.25 and 0.041."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3f}"


def bound_words(verdict: Verdict) -> tuple[str, str]:
    """Floor and goal, as bounds."""
    sign = "≤" if verdict.goal.at_most else "≥"
    return f"{sign} {number_words(verdict.goal.floor)}", f"{sign} {number_words(verdict.goal.goal)}"
