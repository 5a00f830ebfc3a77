"""P5b: how soon a critical notification is with its provider while a huge campaign of low priority goes out."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from config.bench import letter
from config.bench.carillon_site import CONDITIONS, CarillonSite
from config.bench.people import list_of
from config.bench.site import P50, P99, scheduled
from config.bench.values import CARILLON, Contender, Goal, Measure, Trouble, Turn
from config.bench.waiting import wait_for
from config.bench.workload import Workload, workloads

PER_SECOND, IDLE_PER_SECOND = 50.0, 10.0
BEGUN_SECONDS = 60.0
_SENT = "SELECT count(*) FROM notifications_delivery WHERE notification_id = %s AND state = 'sent'"
_STATUS = "SELECT status FROM notifications_notification WHERE id = %s"


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
        self._api = self.arena.stack.api("post")
        self._list = list_of(self._api, f"people-{size}", size=size, describe=letter.person)
        # A smaller warm-up would be over before it is seen: everybody gets all of it.
        return (Contender(CARILLON, self._site.about, size, lambda _: self._turn(size)),)

    def _turn(self, size: int) -> Turn:
        idle = scheduled(self._site, int(self._seconds * IDLE_PER_SECOND), per_second=IDLE_PER_SECOND)
        id = self._begin()
        try:
            alone = self._rate(id, lambda: time.sleep(self._seconds))
            found: list[Turn] = []
            critical = int(self._seconds * PER_SECOND)
            bulk = self._rate(id, lambda: found.append(scheduled(self._site, critical, per_second=PER_SECOND)))
            over = self._status(id) == "completed"
        finally:
            self._end(id)
        (loaded,) = found
        troubles = [*idle.troubles, *loaded.troubles]
        if over:
            troubles.append(f"{size} low recipients were over before enough was seen; a greater size would do")
        if troubles:
            return Turn(size, {}, tuple(troubles))
        shares = {f"{name}_share": loaded.figures[name] / idle.figures[name] for name in ("p50", "p99")}
        figures = {**loaded.figures, **shares, "bulk": bulk, "bulk_share": bulk / max(alone, 1)}
        return Turn(size, figures)

    def _begin(self) -> UUID:
        """Accept the campaign; returns when it goes out."""
        request = {
            "segment": self._list,
            "channels": ["email"],
            "content": letter.CONTENT,
            "data": letter.DATA,
            "priority": "low",
            "idempotency_key": uuid4().hex,
        }
        id = UUID(self._api("POST", "/notifications", request)["id"])
        if not wait_for(lambda: self._sent(id) > 0, seconds=BEGUN_SECONDS, check=self.arena.stack.check):
            raise Trouble(f"nothing of the low campaign was sent in {BEGUN_SECONDS:.0f} s")
        return id

    def _end(self, id: UUID) -> None:
        if self._status(id) not in ("completed", "failed"):
            self._api("POST", f"/notifications/{id}/cancel", {})
        wait_for(lambda: self._status(id) in ("completed", "cancelled", "failed"), seconds=BEGUN_SECONDS)

    def _rate(self, id: UUID, meanwhile: Callable[[], object]) -> float:
        """What is sent of the campaign per second while something else is done."""
        before, began = self._sent(id), time.monotonic()
        meanwhile()
        return (self._sent(id) - before) / (time.monotonic() - began)

    def _sent(self, id: UUID) -> int:
        return int((self.arena.ledger.execute(_SENT, (id,)).fetchone() or (0,))[0])

    def _status(self, id: UUID) -> str:
        return str((self.arena.ledger.execute(_STATUS, (id,)).fetchone() or ("gone",))[0])
