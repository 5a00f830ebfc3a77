"""P16: what is in doubt, what is lost, and how long it takes, when every worker is killed in the middle of its work."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from config.bench.campaign import FULL, SLOWEST, Campaign
from config.bench.figures import back_after
from config.bench.stack import BULK_PROCESSES
from config.bench.values import CARILLON, Contender, Goal, Measure, Trouble, Turn
from config.bench.waiting import wait_for
from config.bench.workload import Workload, workloads
from orchestrator.services.claim import LEASE_SECONDS

SHARE = 0.9  # of the throughput from before
KILLED_AT = 0.25  # of the work
PATIENCE = 60.0
LONG = 100_000  # what is smaller can be over before the workers are back
_SENT = "SELECT count(*) FROM notifications_delivery WHERE notification_id = %s AND state = 'sent'"
_MOMENTS = """
SELECT extract(epoch FROM sent_at - %s)::float8 FROM notifications_delivery
WHERE notification_id = %s AND sent_at IS NOT NULL ORDER BY 1
"""
_PROOF = """
SELECT count(*), count(DISTINCT recipient_id), count(*) FILTER (WHERE state = 'sent'),
  extract(epoch FROM max(sent_at) FILTER (WHERE crashes > 0) - %s)::float8
FROM notifications_delivery WHERE notification_id = %s
"""
_DOUBTFUL = """
SELECT count(*) FILTER (WHERE outcome = 'unknown'), count(*) FILTER (WHERE outcome = '') FROM notifications_attempt
WHERE delivery_id IN (SELECT id FROM notifications_delivery WHERE notification_id = %s)
"""


@workloads.register
class EveryWorkerKilled(Workload):
    key = "P16"
    title = (
        "One notification to {size:,} recipients to a null provider; kill -9 of every worker after a quarter of it, "
        "each started again at once"
    )
    measures = (
        Measure("doubtful", "doubtful calls per bulk worker", ""),
        Measure("back", f"kill → throughput at {SHARE} again", "s"),
        Measure("orphans", "kill → last of what they held is sent", "s"),
        Measure("rate", "sent before the kill", "/s"),
    )
    goals = (
        Goal("P16", "doubtful", floor=500, goal=50, at_most=True),
        Goal("P16", "back", floor=LEASE_SECONDS + 5, goal=LEASE_SECONDS + 5, at_most=True),
    )
    conditions = (
        *FULL,
        f"leases of {LEASE_SECONDS} s; doubtful: a call was begun and nobody knows its outcome; "
        "the provider honours idempotency keys, so they are sent again",
    )
    warm_least = 1

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=200_000, quick=5_000)
        self._size = size
        self._long = size >= LONG
        self._window = 1.0 if self._long else 0.25
        self._campaign = Campaign(self.arena, tenant="post")
        self._campaign.prepare(size)
        about = f"{BULK_PROCESSES} bulk workers, one for critical, one for the background; timekeeper left alone"
        return (Contender(CARILLON, about, size, self._turn),)

    def _turn(self, size: int) -> Turn:
        if size < self._size:  # the warm-up kills nobody
            return self._campaign.send(size)
        stack, campaign = self.arena.stack, self._campaign
        id = campaign.accept(size)
        if not wait_for(lambda: self._sent(id) >= size * KILLED_AT, seconds=PATIENCE, check=stack.check):
            raise Trouble(f"{self._sent(id)} of {size} were sent in {PATIENCE:.0f} s")
        killed_at = datetime.now(UTC)
        stack.crash_workers()
        over = campaign.ended(id)
        patience = PATIENCE + size / SLOWEST
        if not wait_for(lambda: campaign.ended(id), seconds=patience, check=stack.check):
            return Turn(size, {}, (f"not finished {patience:.0f} s after the kill: {self._sent(id)} of {size} sent",))
        time.sleep(0.1)
        return self._seen(id, size, killed_at, over=over)

    def _seen(self, id: UUID, size: int, killed_at: datetime, *, over: bool) -> Turn:
        ledger = self.arena.ledger
        deliveries, people, sent, orphans = ledger.execute(_PROOF, (killed_at, id)).fetchone() or (0, 0, 0, None)
        doubtful, open_calls = ledger.execute(_DOUBTFUL, (id,)).fetchone() or (0, 0)
        moments = [moment for (moment,) in ledger.execute(_MOMENTS, (killed_at, id))]
        found = {"deliveries": deliveries, "recipients": people, "sent": sent}
        troubles = [f"{name}: {number} instead of {size}" for name, number in found.items() if number != size]
        if open_calls:
            troubles.append(f"{open_calls} calls are still open")
        if over:
            troubles.append(f"all {size} were sent before the kill; a greater size would do")
        before = [moment for moment in moments if moment <= 0]
        rate = len(before) / max(-before[0], 0.001) if before else 0.0
        back = back_after(moments, rate=rate * SHARE, window=self._window)
        if back is None and self._long:
            troubles.append(f"throughput did not come back to {SHARE} before all was sent")
        if troubles:
            return Turn(size, {}, tuple(troubles))
        figures = {"doubtful": doubtful / BULK_PROCESSES, "back": back, "orphans": orphans, "rate": rate}
        return Turn(size, {name: figure for name, figure in figures.items() if figure is not None})

    def _sent(self, id: UUID) -> int:
        return int((self.arena.ledger.execute(_SENT, (id,)).fetchone() or (0,))[0])
