"""P15: how many statements a chunk takes, and how many messages a notification."""

from collections.abc import Sequence

import redis

from config.bench.campaign import FULL, Campaign
from config.bench.inspection import inspected
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads

PAGE = 500  # as in orchestrator/services/planning.py: how many recipients a turn plans and hands over
IN_FLIGHT = 50  # as in orchestrator/services/sending.py: what a killed worker can leave in doubt at most


@workloads.register
class StatementsAndMessages(Workload):
    key = "P15"
    title = "What one notification to {size:,} recipients asks of PostgreSQL and of the broker"
    measures = (
        Measure("begun", f"statements to plan and send {IN_FLIGHT}, which are begun together", ""),
        Measure("page", f"statements to plan and send a page of {PAGE}", ""),
        Measure("turns", f"turns of a worker per page of {PAGE}", ""),
        Measure("messages", "broker messages per delivery", ""),
    )
    goals = (
        Goal("P15", "begun", floor=20, goal=12, at_most=True),
        Goal("P15", "messages", floor=1 / 100, goal=1 / 200, at_most=True),
    )
    conditions = (*FULL, "statements counted in a worker of its own, SET LOCAL left out; messages as LPUSH calls")

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=20_000, quick=2_000)
        self._campaign = Campaign(self.arena, tenant="post")
        self._campaign.prepare(size)
        return (Contender(CARILLON, "its pipeline, called by a counter", size, self._turn),)

    def _turn(self, size: int) -> Turn:
        before = self._messages()
        turn = self._campaign.send(size)
        messages = (self._messages() - before) / size
        found = inspected(self.arena, size, profile=False)
        each = found["statements"] / size
        figures = {
            "begun": each * IN_FLIGHT,
            "page": each * PAGE,
            "turns": found["turns"] * PAGE / size,
            "messages": messages,
        }
        left = (f"{found['left']} turns found deliveries that no planner had taken along",) if found["left"] else ()
        return Turn(size, figures, (*turn.troubles, *found["troubles"], *left))

    def _messages(self) -> int:
        with redis.Redis.from_url(self.arena.redis_url) as client:
            found = client.info("commandstats")
        return int(found.get("cmdstat_lpush", {}).get("calls", 0))
