"""P10: does a notification cost the same when there are ten times as many recipients?"""

from collections.abc import Sequence

from config.bench.campaign import ACCEPTED_MS, FIRST_MS, FULL, RATE, Campaign
from config.bench.values import CARILLON, Contender, Goal
from config.bench.workload import Workload, workloads

SMALLER = "Carillon, a tenth of it"


@workloads.register
class Growth(Workload):
    key = "P10"
    title = "One notification to {size:,} recipients, and to a tenth of them, to a null provider"
    measures = (RATE, ACCEPTED_MS, FIRST_MS)
    goals = (
        Goal("P10", "rate", floor=0.90, goal=0.95, over=SMALLER),
        Goal("P10b", "first_ms", floor=1000, goal=350, at_most=True),
        Goal("P10b", "first_ms", floor=2, goal=1.3, over=SMALLER, at_most=True),
    )
    conditions = FULL

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=1_000_000, quick=10_000)
        campaign = Campaign(self.arena, tenant="post")
        campaign.prepare(size)
        campaign.prepare(size // 10)
        return (
            Contender(CARILLON, campaign.about, size, campaign.send),
            Contender(SMALLER, campaign.about, max(size // 10, 1), campaign.send),
        )
