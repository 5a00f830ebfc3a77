"""P1: one notification to very many people, to a provider that costs nothing."""

from collections.abc import Sequence

from config.bench.bare.contender import Bare
from config.bench.campaign import ACCEPTED_MS, FIRST_MS, FULL, RATE, Campaign
from config.bench.naive.contender import Naive
from config.bench.values import CARILLON, Contender, Goal
from config.bench.workload import Workload, workloads

NAIVE_SHARE = 50  # the naive build gets a fiftieth of the work: its rate does not depend on how much there is


@workloads.register
class FanOutToNowhere(Workload):
    key = "P1"
    title = "One notification to {size:,} recipients by e-mail to a null provider, accepted → all sent"
    measures = (RATE, ACCEPTED_MS, FIRST_MS)
    goals = (
        Goal("P1", "rate", floor=0.35, goal=0.80, over=Bare.name),
        Goal("P1", "rate", floor=50, goal=175, over="naive"),
        Goal("P10b", "first_ms", floor=1000, goal=350, at_most=True),
    )
    conditions = FULL

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=100_000, quick=5_000)
        campaign = Campaign(self.arena, tenant="post")
        campaign.prepare(size)
        plain, kept, bare = Naive(self.arena, reuse=False), Naive(self.arena, reuse=True), Bare(self.arena)
        return (
            Contender(CARILLON, campaign.about, size, campaign.send),
            Contender(bare.name, bare.about, max(size, 20_000) if self.scale.asked is None else size, bare.fan_out),
            Contender(plain.name, plain.about, max(size // NAIVE_SHARE, 20), plain.fan_out),
            Contender(kept.name, kept.about, max(size // NAIVE_SHARE, 20), kept.fan_out),
        )
