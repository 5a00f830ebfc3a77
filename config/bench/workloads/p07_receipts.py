"""P7: how fast receipts of a provider are heard and applied."""

import time
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from config.bench.campaign import Campaign
from config.bench.load import flat_out
from config.bench.naive.receipts import NaiveHook
from config.bench.receipts import IN_ONE_CALL, Reporter
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.waiting import wait_for
from config.bench.workload import Workload, workloads

CONNECTIONS = 4
SLOWEST = 50.0  # a second: what is slower than that has stopped
ROW_BY_ROW = "a transaction per receipt"
_IDS = "SELECT id FROM notifications_delivery WHERE notification_id = %s"
_ARRIVED = "SELECT count(*) FROM notifications_delivery WHERE notification_id = %s AND state = 'delivered'"
_APPLIED = """
SELECT count(*) FILTER (WHERE outcome = 'applied'), count(*) FROM channels_app_report
WHERE delivery_id IN (SELECT id FROM notifications_delivery WHERE notification_id = %s)
"""


@workloads.register
class Receipts(Workload):
    key = "P7"
    title = (
        f"{{size:,}} receipts of a provider by HTTP, {IN_ONE_CALL} in a signed call, {CONNECTIONS} connections, "
        "until all are applied"
    )
    measures = (Measure("heard", "answered", "/s"), Measure("applied", "applied", "/s"))
    goals = (Goal("P7", "applied", floor=4, goal=8, over=ROW_BY_ROW),)
    conditions = (
        "on: fsync, synchronous_commit, SendGrid's signature over each call, each call kept encrypted, repetitions "
        "known by a digest per event, event log, roll-ups, settling of the notification",
        "every delivery was sent before, through the account whose hook is called",
    )

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=20_000, quick=2_000)
        self._reporter = Reporter()
        self._campaign = Campaign(self.arena, tenant="told")
        self._path = self._hook()
        self._campaign.prepare(size)
        naive = NaiveHook(self.arena, self._reporter)
        return (
            Contender(CARILLON, "its hook and its background worker as shipped", size, self._turn),
            Contender(ROW_BY_ROW, naive.about, max(min(size, 5_000), 1), naive.turn),
        )

    def _hook(self) -> str:
        """The path that the provider is given."""
        credentials = {
            "api_key": "nobody asks for it",
            "verification_key": self._reporter.verification_key,
            "sender": "shop@example.org",
        }
        self.arena.stack.account("told", key="reporting", provider="reporting", credentials=credentials)
        (account,) = self.arena.stack.api("told")("GET", "/provider-accounts")["results"]
        return str(urlsplit(account["hook_url"]).path)

    def _turn(self, size: int) -> Turn:
        sent = self._campaign.send(size)
        if sent.troubles:
            return Turn(size, {}, sent.troubles)
        ledger, id = self.arena.ledger, self._campaign.last
        calls = list(self._reporter.calls(self._path, [row[0] for row in ledger.execute(_IDS, (id,))]))
        began = time.monotonic()
        flat_out(self.arena.stack.port, calls, connections=CONNECTIONS)
        heard = time.monotonic() - began
        patience = 30 + size / SLOWEST
        arrived = wait_for(
            lambda: self._arrived(id) >= size, seconds=patience, check=self.arena.stack.check, every=0.05
        )
        seconds = time.monotonic() - began
        applied, reports = ledger.execute(_APPLIED, (id,)).fetchone() or (0, 0)
        troubles = [] if arrived else [f"{self._arrived(id)} of {size} arrived within {patience:.0f} s"]
        if (applied, reports) != (size, size):
            troubles.append(f"{applied} of {reports} reports were applied, not {size}")
        return Turn(size, {"heard": size / heard, "applied": size / seconds}, tuple(troubles))

    def _arrived(self, id: UUID | None) -> int:
        return int((self.arena.ledger.execute(_ARRIVED, (id,)).fetchone() or (0,))[0])
