"""P6: how late what is due is, while very much is pending."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from config.bench import letter
from config.bench.carillon_site import CONDITIONS, PEOPLE, CarillonSite
from config.bench.counters import bound_of, buckets
from config.bench.figures import percentile
from config.bench.seeding import copies_of
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.waiting import wait_for
from config.bench.workload import Workload, workloads

PER_SECOND = 50
IN_ONE_REQUEST = 100
LEAD_SECONDS = 2.0  # and as long as accepting takes at worst
ACCEPTED_PER_SECOND = 200
SLOWEST = 20.0  # a second
HISTOGRAM = "carillon_timer_lateness_seconds"


@workloads.register
class Timers(Workload):
    key = "P6"
    title = "{size:,} timers, 50 due a second, then as many at one instant, while far more are pending"
    measures = (
        Measure("bell", "99 % of bells late by at most", "ms"),
        Measure("p50", "due → provider called p50", "ms"),
        Measure("p99", "p99", "ms"),
        Measure("burst", "due at one instant → all called", "ms"),
    )
    goals = (
        Goal("P6", "bell", floor=50, goal=10, at_most=True),
        Goal("P6", "p99", floor=50, goal=10, at_most=True),
    )
    conditions = (
        *CONDITIONS,
        "bells by carillon_timer_lateness_seconds, whose buckets are coarse; what is pending is left there afterwards",
    )

    @property
    def _pending(self) -> int:
        return self.scale.of(full=1_000_000, quick=10_000)

    def contenders(self) -> Sequence[Contender]:
        size = min(max(self._pending // 1000, 100), 1000)
        self._api = self.arena.stack.api("post")
        self._site = CarillonSite(self.arena, priority="high")
        (first,) = self._accept([datetime.now(UTC) + timedelta(days=2)])
        copies_of(self.arena.ledger, UUID(first), count=self._pending)
        about = f"{self._pending:,} scheduled notifications pending; timekeeper and workers as shipped"
        return (Contender(CARILLON, about, size, self._turn),)

    def _turn(self, size: int) -> Turn:
        folder = self.arena.stack.metrics
        before = buckets(folder, HISTOGRAM)
        start = _soon(size)
        spaced = self._late([start + timedelta(seconds=number / PER_SECOND) for number in range(size)])
        bell = bound_of(0.99, before=before, after=buckets(folder, HISTOGRAM))
        at_once = self._late([_soon(size)] * size)
        troubles = []
        for what, late in (("spaced", spaced), ("at one instant", at_once)):
            if len(late) < size:
                troubles.append(f"{len(late)} of {size} that were due {what} were handed over")
            if late and min(late) < 0:
                troubles.append(f"due {what}: {sum(one < 0 for one in late)} came early")
        if troubles or bell is None:
            return Turn(size, {}, tuple(troubles) or ("no bell was counted",))
        figures = {"bell": bell * 1000, "p50": percentile(spaced, 0.5), "p99": percentile(spaced, 0.99)}
        return Turn(size, {**figures, "burst": max(at_once)})

    def _late(self, moments: Sequence[datetime]) -> list[float]:
        """Schedule one for each moment, wait for all; the milliseconds by which each was late."""
        due = dict(zip(self._accept(moments), moments, strict=True))
        time.sleep(max((max(moments) - datetime.now(UTC)).total_seconds(), 0))
        called: dict[str, datetime] = {}

        def all_called() -> bool:
            called.update(self._site.handed_over([id for id in due if id not in called]))
            return len(called) == len(due)

        wait_for(all_called, seconds=30 + len(due) / SLOWEST, every=0.2)
        return [(at - due[id]).total_seconds() * 1000 for id, at in called.items()]

    def _accept(self, moments: Sequence[datetime]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(moments), IN_ONE_REQUEST):
            some = moments[start : start + IN_ONE_REQUEST]
            items = [_item(start + number, moment) for number, moment in enumerate(some)]
            answer = self._api("POST", "/notifications/bulk", {"notifications": items})
            ids += [str(result["id"]) for result in answer["results"]]
        return ids


def _soon(size: int) -> datetime:
    """Later than the moment at which so many are accepted."""
    return datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS + size / ACCEPTED_PER_SECOND)


def _item(number: int, moment: datetime) -> Mapping[str, object]:
    return {
        "recipients": [f"person-{number % PEOPLE}"],
        "channels": ["email"],
        "content": letter.CONTENT,
        "data": letter.DATA,
        "priority": "high",
        "scheduled_at": moment.isoformat(),
        "idempotency_key": uuid4().hex,
    }
