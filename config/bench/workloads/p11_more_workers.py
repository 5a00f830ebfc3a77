"""P11: what a second worker process is worth."""

from collections.abc import Sequence

from config.bench.campaign import FULL, RATE, Campaign
from config.bench.stack import BULK_PROCESSES
from config.bench.values import CARILLON, Contender, Goal, Turn
from config.bench.workload import Workload, workloads

ALONE = "Carillon, one bulk worker"


@workloads.register
class MoreWorkers(Workload):
    key = "P11"
    title = f"One notification to {{size:,}} recipients to a null provider, by one bulk worker and by {BULK_PROCESSES}"
    measures = (RATE,)
    goals = (Goal("P11", "rate", floor=1.6, goal=1.8, over=ALONE),)
    conditions = FULL

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=50_000, quick=3_000)
        self._campaign = Campaign(self.arena, tenant="post")
        self._campaign.prepare(size)
        return (
            Contender(CARILLON, f"{BULK_PROCESSES} bulk workers", size, lambda size: self._by(BULK_PROCESSES, size)),
            Contender(ALONE, "1 bulk worker", size, lambda size: self._by(1, size)),
        )

    def close(self) -> None:
        """As many as the others expect."""
        self.arena.stack.set_bulk_processes(BULK_PROCESSES)

    def _by(self, processes: int, size: int) -> Turn:
        self.arena.stack.set_bulk_processes(processes)
        return self._campaign.send(size)
