"""What a workload is: one file in `workloads/` that registers a class; the bench finds it there."""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from config.bench.arena import Arena
from config.bench.values import Contender, Goal, Measure
from kernel.registry import Registry, load_folder


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of it: `asked` is a size given on the command line instead of the workload's own."""

    quick: bool = False
    asked: int | None = None

    def of(self, *, full: int, quick: int) -> int:
        """The size of a turn."""
        return self.asked or (quick if self.quick else full)


class Workload(ABC):
    """Something to be done, by several contenders in turns. Made anew for each run of the bench."""

    key: ClassVar[str]  # P1
    title: ClassVar[str]  # names the work so that nobody takes it for another
    measures: ClassVar[tuple[Measure, ...]]
    goals: ClassVar[tuple[Goal, ...]] = ()
    conditions: ClassVar[tuple[str, ...]] = ()  # what was on, and what was off

    warm_least: ClassVar[int] = 100  # items of a warm-up, which is a twentieth of a turn

    def __init__(self, arena: Arena, scale: Scale) -> None:
        self.arena, self.scale = arena, scale

    @abstractmethod
    def contenders(self) -> Sequence[Contender]:
        """Who takes part, Carillon first. What they need is made here, outside of any turn."""

    def troubles(self) -> Sequence[str]:
        """What is wrong when all turns are over; the ledger has to balance."""
        return self.arena.stack.verify_ledger()

    def close(self) -> None:  # noqa: B027 - most keep nothing
        """Take away what only this workload used."""


workloads: Registry[type[Workload]] = Registry("workload")


def load() -> None:
    """Import every workload."""
    load_folder(importlib.import_module("config.bench.workloads"))
