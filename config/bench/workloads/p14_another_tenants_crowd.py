"""P14: what one tenant's huge campaign is to another tenant, who sends one notification now and then."""

from collections.abc import Sequence

from config.bench.background import Background
from config.bench.carillon_site import CONDITIONS, CarillonSite
from config.bench.site import P50, P99, scheduled
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads

PER_SECOND = 10.0
SAME_PRIORITY, ABOVE = "low", "medium"
BESIDE = "Carillon, one priority above"


@workloads.register
class AnotherTenantsCrowd(Workload):
    key = "P14"
    title = (
        "10 low notifications a second of one tenant by HTTP while a low notification of another tenant "
        "to {size:,} recipients goes out flat out, beside the same when idle"
    )
    measures = (
        P50,
        P99,
        Measure("idle_p99", "own idle p99", "ms"),
        Measure("p99_share", "p99 ÷ own idle", ""),
        Measure("crowd", "the other tenant's, sent meanwhile", "/s"),
    )
    goals = (Goal("P14", "p99_share", floor=5, goal=2, at_most=True),)
    conditions = (
        *CONDITIONS,
        "both tenants in the same lane; the second contender writes in medium priority beside the same crowd",
        "the campaign is cancelled when enough was seen",
    )

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=1_000_000, quick=20_000)
        self._singles = int((2.0 if self.scale.quick or self.scale.asked else 20.0) * PER_SECOND)
        self._crowd = Background(self.arena, tenant="crowd", size=size)
        same, above = (CarillonSite(self.arena, priority=priority) for priority in (SAME_PRIORITY, ABOVE))
        # A smaller warm-up would be over before it is seen: everybody gets all of it.
        return (
            Contender(CARILLON, "both tenants in low priority", size, lambda _: self._turn(same, size)),
            Contender(BESIDE, "singles in medium priority", size, lambda _: self._turn(above, size)),
        )

    def _turn(self, site: CarillonSite, size: int) -> Turn:
        idle = scheduled(site, self._singles, per_second=PER_SECOND)
        found: list[Turn] = []
        with self._crowd.going_out() as id:
            rate = self._crowd.rate(id, lambda: found.append(scheduled(site, self._singles, per_second=PER_SECOND)))
            over = self._crowd.over(id)
        (loaded,) = found
        if troubles := (*idle.troubles, *loaded.troubles, *over):
            return Turn(size, {}, troubles)
        alone = idle.figures["p99"]
        figures = {"idle_p99": alone, "p99_share": loaded.figures["p99"] / alone, "crowd": rate}
        return Turn(size, {"p50": loaded.figures["p50"], "p99": loaded.figures["p99"], **figures})
