"""Workloads for tests: contenders who do what the script says, on no server at all."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from config.bench.arena import Arena
from config.bench.values import CARILLON, Contender, Goal, Measure, Trouble, Turn
from config.bench.workload import Scale, Workload

RATE = Measure("rate", "sent", "/s")
Script = Callable[[int, int], Turn]  # (size, number of the turn, the warm-up included) → what becomes of it


def steady(rate: float) -> Script:
    return lambda size, _: Turn(size, {"rate": rate})


def rising(*rates: float) -> Script:
    """The warm-up has the first rate, and so on."""
    return lambda size, number: Turn(size, {"rate": rates[number]})


def forgetful(rate: float) -> Script:
    return lambda size, _: Turn(size, {"rate": rate}, (f"sent {size - 1} instead of {size}",))


def broken(size: int, number: int) -> Turn:
    raise Trouble("the worker ended with 1")


def scripted(
    scripts: dict[str, Script],
    *,
    goals: Sequence[Goal] = (),
    after: Sequence[str] = (),
    absent: dict[str, str] | None = None,
    size: int = 1000,
) -> tuple[Workload, list[tuple[str, int]]]:
    """A workload with these contenders, and the list of turns in the order in which they were taken."""
    taken: list[tuple[str, int]] = []
    gone = absent or {}

    def turning(name: str, script: Script) -> Callable[[int], Turn]:
        def turn(size: int) -> Turn:
            number = sum(1 for who, _ in taken if who == name)
            taken.append((name, size))
            return script(size, number)

        return turn

    class Scripted(Workload):
        key = "P0"
        title = "Nothing at all for {size:,} people"
        measures = (RATE,)
        conditions = ("on: nothing",)

        def contenders(self) -> Sequence[Contender]:
            return [
                Contender(name, f"{name} as scripted", size, turning(name, script), gone.get(name, ""))
                for name, script in scripts.items()
            ]

        def troubles(self) -> Sequence[str]:
            return after

    Scripted.goals = tuple(goals)
    return Scripted(cast("Arena", cast("Any", None)), Scale()), taken


__all__ = ["CARILLON", "broken", "forgetful", "rising", "scripted", "steady"]
