"""P12: the memory of a worker and of everything together, after much work."""

import time
from collections.abc import Sequence

from config.bench.campaign import FULL, Campaign
from config.bench.databases import connect
from config.bench.memory import members, proportional, resident
from config.bench.naive.contender import Naive
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads

IDLE = "idle Django + Celery"
SETTLE_SECONDS = 1.0
WORKER = Measure("worker", "one worker process", "MB")
GROWN = Measure("grown", "more than before", "MB")
TOTAL = Measure("total", "web, workers and timekeeper", "MB")


@workloads.register
class Memory(Workload):
    key = "P12"
    title = "Memory after one notification to {size:,} recipients"
    measures = (WORKER, GROWN, TOTAL)
    goals = (
        Goal("P12", "worker", floor=1.5, goal=1.25, over=IDLE, at_most=True),
        Goal("P12", "total", floor=700, goal=500, at_most=True),
    )
    conditions = (*FULL, "one process: resident (Rss); together: what is shared counted once (Pss)")

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=100_000, quick=3_000)
        self._campaign = Campaign(self.arena, tenant="post")
        self._campaign.prepare(size)
        return (
            Contender(CARILLON, "a bulk worker with its threads", size, self._carillon),
            Contender(IDLE, "a prefork child of the naive build that has sent two notifications", 2, self._idle),
        )

    def _carillon(self, size: int) -> Turn:
        before = self._worker()
        turn = self._campaign.send(size)
        time.sleep(SETTLE_SECONDS)
        after = self._worker()
        groups = [process.pid for process in self.arena.stack.processes.values()]
        total = sum(proportional(pid) for group in groups for pid in members(group))
        return Turn(size, {"worker": after, "grown": after - before, "total": total}, turn.troubles)

    def _worker(self) -> float:
        bulk = [process for name, process in self.arena.stack.processes.items() if name.startswith("worker-bulk")]
        return max(resident(process.pid) for process in bulk)

    def _idle(self, size: int) -> Turn:
        naive = Naive(self.arena, reuse=False)
        naive.prepare(size)
        with connect(self.arena.plain_database_url) as database, naive.worker(database) as worker:
            children = [pid for pid in members(worker.pid) if pid != worker.pid]
            return Turn(size, {"worker": max(resident(pid) for pid in children)})
