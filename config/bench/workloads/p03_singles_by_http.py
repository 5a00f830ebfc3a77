"""P3: single notifications by HTTP."""

import time
from collections.abc import Sequence

from config.bench.carillon_site import CONDITIONS, CarillonSite
from config.bench.load import flat_out
from config.bench.naive.site import NaiveSite
from config.bench.site import ACCEPTED, LATENCIES, SUSTAINED, singles
from config.bench.values import CARILLON, Contender, Goal, Turn
from config.bench.workload import Workload, workloads

NAIVE_SHARE = 10


@workloads.register
class SinglesByHttp(Workload):
    key = "P3"
    title = (
        "{size:,} single notifications by HTTP over 16 connections, flat out until all are sent; "
        "then latencies on a schedule at half that rate"
    )
    measures = (ACCEPTED, SUSTAINED, *LATENCIES)
    goals = (
        Goal("P3", "sustained", floor=8, goal=20, over="naive"),
        Goal("P3", "sustained", floor=0, goal=1, over="bare DRF POST", over_measure="accepted"),
    )
    conditions = CONDITIONS
    warm_least = 50

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=10_000, quick=1_000)
        carillon = CarillonSite(self.arena, priority="medium")
        naive, bare = NaiveSite(self.arena), NaiveSite(self.arena, worker=False)
        fewer = max(size // NAIVE_SHARE, 20)
        return (
            Contender(CARILLON, carillon.about, size, lambda size: singles(carillon, size)),
            Contender(naive.name, naive.about, fewer, naive.singles),
            Contender(bare.name, bare.about, fewer, lambda size: _accepted(bare, size)),
        )


def _accepted(site: NaiveSite, size: int) -> Turn:
    with site.running():
        requests = site.requests(size)
        began = time.monotonic()
        flat_out(site.port, requests)
        return Turn(size, {"accepted": size / (time.monotonic() - began)})
