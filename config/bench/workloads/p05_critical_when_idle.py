"""P5: how soon a critical notification is with its provider when there is nothing else to do."""

from collections.abc import Sequence

from config.bench.carillon_site import CONDITIONS, CarillonSite
from config.bench.naive.site import NaiveSite
from config.bench.site import LATENCIES, scheduled
from config.bench.values import CARILLON, Contender, Goal
from config.bench.workload import Workload, workloads

PER_SECOND = 10.0


@workloads.register
class CriticalWhenIdle(Workload):
    key = "P5"
    title = "{size:,} critical notifications, 10 a second by HTTP, nothing else to do: due → provider called"
    measures = LATENCIES
    goals = (
        Goal("P5", "p50", floor=20, goal=6, at_most=True),
        Goal("P5", "p99", floor=20, goal=10, at_most=True),
        Goal("P5", "p50", floor=1, goal=0.4, over="naive", at_most=True),
    )
    conditions = CONDITIONS
    warm_least = 10

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=300, quick=50)
        carillon, naive = CarillonSite(self.arena, priority="critical"), NaiveSite(self.arena)
        return (
            Contender(CARILLON, carillon.about, size, lambda size: scheduled(carillon, size, per_second=PER_SECOND)),
            Contender(naive.name, naive.about, size, lambda size: naive.scheduled(size, per_second=PER_SECOND)),
        )
