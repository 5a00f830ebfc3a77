"""P5b: how soon a critical notification is with its provider while a huge campaign of low priority goes out."""

import time
from collections.abc import Sequence

from config.bench.background import Background
from config.bench.carillon_site import CONDITIONS, CarillonSite
from config.bench.site import P50, P99, scheduled
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads

PER_SECOND, IDLE_PER_SECOND = 50.0, 10.0


@workloads.register
class CriticalUnderLoad(Workload):
    key = "P5B"
    title = (
        "50 critical a second by HTTP while one low notification to {size:,} recipients goes out flat out, "
        "beside the same when idle"
    )
    measures = (
        P50,
        P99,
        Measure("p50_share", "p50 ÷ own idle", ""),
        Measure("p99_share", "p99 ÷ own idle", ""),
        Measure("bulk", "low sent meanwhile", "/s"),
        Measure("bulk_share", "bulk ÷ bulk alone", ""),
    )
    goals = (
        Goal("P5b", "p50_share", floor=6, goal=2, at_most=True),
        Goal("P5b", "p99_share", floor=6, goal=3.2, at_most=True),
        Goal("P5b", "bulk_share", floor=0.70, goal=0.80),
    )
    conditions = (*CONDITIONS, "the low campaign is cancelled when enough was seen")

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=1_000_000, quick=20_000)
        self._seconds = 2.0 if self.scale.quick or self.scale.asked else 20.0
        self._site = CarillonSite(self.arena, priority="critical")
        self._low = Background(self.arena, tenant="post", size=size)
        # A smaller warm-up would be over before it is seen: everybody gets all of it.
        return (Contender(CARILLON, self._site.about, size, lambda _: self._turn(size)),)

    def _turn(self, size: int) -> Turn:
        idle = scheduled(self._site, int(self._seconds * IDLE_PER_SECOND), per_second=IDLE_PER_SECOND)
        with self._low.going_out() as id:
            alone = self._low.rate(id, lambda: time.sleep(self._seconds))
            found: list[Turn] = []
            critical = int(self._seconds * PER_SECOND)
            bulk = self._low.rate(id, lambda: found.append(scheduled(self._site, critical, per_second=PER_SECOND)))
            over = self._low.over(id)
        (loaded,) = found
        if troubles := (*idle.troubles, *loaded.troubles, *over):
            return Turn(size, {}, troubles)
        shares = {f"{name}_share": loaded.figures[name] / idle.figures[name] for name in ("p50", "p99")}
        figures = {**loaded.figures, **shares, "bulk": bulk, "bulk_share": bulk / max(alone, 1)}
        return Turn(size, figures)
