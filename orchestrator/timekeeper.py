"""The timekeeper sleeps until something is due, rings its lane's bell, and takes over what dead workers left.

It is woken earlier by NOTIFY, which writers send only when something falls due before it means to wake. Several may run
side by side. While the broker is out, and for a while after it is back, nobody hears bells: then the timekeeper works
the lanes itself.
"""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from events import bells
from events.bells import Bell
from kernel.clock import monotonic
from kernel.ids import uuid7
from kernel.metrics import TIMER_LATENESS
from notifications.values import PRIORITY_NAME
from orchestrator.pipeline import SEND_LANES, work
from orchestrator.services.digests_closing import LANE as DIGESTS_LANE
from orchestrator.services.parked import RECEIPTS_LANE
from orchestrator.services.recovery import give_up_holding, recover
from orchestrator.services.timers import NOTIFY_CHANNEL

BUSY_SECONDS = 0.9  # how often lost bells and dead workers are looked for while there is work
IDLE_SECONDS = 5.0  # and when there has been none for a while
BUSY_FOR_SECONDS = 60.0  # how long after the last due work there is thought to be more
EMERGENCY_THREADS = 4

log = logging.getLogger(__name__)

# The first row of each tenant tells: an EXISTS in its place is turned into a join with all that is pending.
_SENDS = """
SELECT lane, EXISTS (
  WITH RECURSIVE turn AS (
    (SELECT tenant_id FROM notifications_delivery d WHERE d.state = 'pending' AND d.lane = lanes.lane
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.tenant_id FROM notifications_delivery d
            WHERE d.state = 'pending' AND d.lane = lanes.lane AND d.tenant_id > turn.tenant_id
            ORDER BY d.tenant_id LIMIT 1)
    FROM turn WHERE turn.tenant_id IS NOT NULL
  )
  SELECT 1 FROM turn WHERE tenant_id IS NOT NULL AND (
    SELECT true FROM notifications_delivery d
    WHERE d.state = 'pending' AND d.lane = lanes.lane AND d.tenant_id = turn.tenant_id AND d.due_at <= now()
    ORDER BY d.due_at LIMIT 1)
), (
  SELECT d.due_at FROM notifications_delivery d
  WHERE d.state = 'pending' AND d.lane = lanes.lane AND d.due_at > '-infinity' AND d.due_at > now()
  ORDER BY d.due_at LIMIT 1
) FROM generate_series(0, 5) AS lanes (lane)
"""

_PLANS = """
SELECT lane, EXISTS (
  WITH RECURSIVE turn AS (
    (SELECT tenant_id FROM notifications_notification n WHERE n.due_at IS NOT NULL AND n.priority = lanes.lane
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT n.tenant_id FROM notifications_notification n
            WHERE n.due_at IS NOT NULL AND n.priority = lanes.lane AND n.tenant_id > turn.tenant_id
            ORDER BY n.tenant_id LIMIT 1)
    FROM turn WHERE turn.tenant_id IS NOT NULL
  )
  SELECT 1 FROM turn WHERE tenant_id IS NOT NULL AND (
    SELECT true FROM notifications_notification n
    WHERE n.due_at IS NOT NULL AND n.priority = lanes.lane AND n.tenant_id = turn.tenant_id AND n.due_at <= now()
      AND (n.lease_until IS NULL OR n.lease_until < now())
    ORDER BY n.due_at LIMIT 1)
), (
  SELECT n.due_at FROM notifications_notification n
  WHERE n.due_at IS NOT NULL AND n.priority = lanes.lane AND n.due_at > '-infinity' AND n.due_at > now()
  ORDER BY n.due_at LIMIT 1
) FROM generate_series(0, 3) AS lanes (lane)
"""

_LEASES = """
SELECT least(
  (SELECT min(lease_until) FROM notifications_delivery WHERE lease_until IS NOT NULL),
  (SELECT min(due_at) FROM notifications_delivery WHERE state = 'unknown'))
"""

_REPORTS = """
SELECT EXISTS (SELECT 1 FROM channels_app_report WHERE due_at <= now()),
  (SELECT min(due_at) FROM channels_app_report WHERE due_at > now())
"""

_DIGESTS = """
SELECT EXISTS (SELECT 1 FROM orchestrator_digest WHERE state IN ('open', 'closing') AND closes_at <= now()),
  (SELECT min(closes_at) FROM orchestrator_digest WHERE state IN ('open', 'closing') AND closes_at > now())
"""

_LOOK = f"""
SELECT stage, lane, due, extract(epoch FROM next - clock_timestamp()) FROM (
  SELECT 'send' AS stage, * FROM ({_SENDS}) AS sends (lane, due, next)
  UNION ALL SELECT 'plan', * FROM ({_PLANS}) AS plans (lane, due, next)
  UNION ALL SELECT 'hear', 0, * FROM ({_REPORTS}) AS reports (due, next)
  UNION ALL SELECT 'digest', 0, * FROM ({_DIGESTS}) AS digests (due, next)
  UNION ALL SELECT 'recover', 0, next <= now(), CASE WHEN next > now() THEN next END FROM ({_LEASES}) AS leases (next)
) AS looks WHERE due OR next IS NOT NULL
"""

_ADVERTISE = """
INSERT INTO orchestrator_timekeeper (id, wakes_at, seen_at)
VALUES (%(id)s, now() + %(seconds)s::float8 * interval '1 second', now())
ON CONFLICT (id) DO UPDATE SET wakes_at = excluded.wakes_at, seen_at = excluded.seen_at
"""
_FOR_EVER = 86_400.0


@dataclass(frozen=True, slots=True)
class Look:
    """What is due now, and in how many seconds the next thing will be (`None` = nothing is known to come)."""

    lanes: tuple[str, ...]
    recover: bool
    next_seconds: float | None


def look() -> Look:
    """Ask the database what is due; one query, whatever is pending."""
    connection.ensure_connection()
    # Planning this over all partitions costs ten times as much as running it, so it is prepared the first time.
    with psycopg.Cursor(connection.connection) as cursor:
        rows = cursor.execute(_LOOK, prepare=True).fetchall()
    plans = {number: f"plan.{name}" for number, name in PRIORITY_NAME.items()}
    names = {"send": SEND_LANES, "plan": plans, "hear": {0: RECEIPTS_LANE}, "digest": {0: DIGESTS_LANE}}
    waits = [float(seconds) for _, _, _, seconds in rows if seconds is not None]
    return Look(
        lanes=tuple(names[stage][lane] for stage, lane, due, _ in rows if due and stage in names),
        recover=any(due for stage, _, due, _ in rows if stage == "recover"),
        next_seconds=min(waits, default=None),
    )


class Timekeeper:
    """One timekeeper at work; `run` returns when `stop` was called."""

    def __init__(self) -> None:
        self.id = uuid7()
        self._stopped = threading.Event()
        self._last_due = monotonic()
        self._next_due: float | None = None  # monotonic; the next moment at which something falls due
        self._understudies = ThreadPoolExecutor(EMERGENCY_THREADS, thread_name_prefix="understudy")
        self._running: dict[str, Future[None]] = {}

    def stop(self) -> None:
        """Let `run` return after its present round, within `IDLE_SECONDS`."""
        self._stopped.set()

    def run(self) -> None:
        """Keep time until stopped. While PostgreSQL is out, ask again every second."""
        while not self._stopped.is_set():
            try:
                self._listen()
                while not self._stopped.is_set():
                    self._wait(self._round())
            except (OperationalError, InterfaceError, psycopg.Error) as trouble:
                log.warning("timekeeper.database_out", extra={"trouble": type(trouble).__name__})
                connection.close()
                self._stopped.wait(1.0)
        self._understudies.shutdown(wait=True)

    def _listen(self) -> None:
        connection.close()
        with connection.cursor() as cursor:
            # What a crash of PostgreSQL takes back from this connection is done again: no need to wait for the disk.
            cursor.execute("SET synchronous_commit = off")
            # The plan is kept: one made while the tables were empty must serve when they are full.
            cursor.execute("SET enable_seqscan = off")
            cursor.execute(f"LISTEN {NOTIFY_CHANNEL}")
            cursor.execute(f"LISTEN {bells.NOTIFY_CHANNEL}")

    def _round(self) -> float:
        """Ring for what is due, recover what was left; returns the seconds until there is something to do again."""
        self._advertise(_FOR_EVER)  # until the sleep is known, everything that falls due is worth a NOTIFY
        found = look()
        looked_at = monotonic()
        if found.recover:
            recover()
            give_up_holding()
        for lane in found.lanes:
            self._ring(lane)
        if self._next_due is not None and monotonic() >= self._next_due:
            TIMER_LATENESS.observe(monotonic() - self._next_due)
        self._next_due = None if found.next_seconds is None else looked_at + found.next_seconds
        if found.lanes or found.recover:
            self._last_due = monotonic()
        busy = monotonic() - self._last_due < BUSY_FOR_SECONDS
        until_due = IDLE_SECONDS if self._next_due is None else max(self._next_due - monotonic(), 0)
        seconds = min(BUSY_SECONDS if busy else IDLE_SECONDS, until_due)
        self._advertise(seconds)
        return seconds

    def _wait(self, seconds: float) -> None:
        raw = connection.connection
        for notice in raw.notifies(timeout=max(seconds, 0.001), stop_after=1):
            if notice.channel == bells.NOTIFY_CHANNEL and notice.payload in settings.LANES:
                self._ring(notice.payload)

    def _ring(self, lane: str) -> None:
        """Ring the bell of `lane`; when nobody can hear it, or nobody comes, work the lane here."""
        if bells.publish(lane) in (Bell.RUNG, Bell.PENDING):
            return
        running = self._running.get(lane)
        if running is None or running.done():
            self._running[lane] = self._understudies.submit(_work, lane)

    def _advertise(self, seconds: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ADVERTISE, {"id": self.id, "seconds": seconds})


def _work(lane: str) -> None:
    try:
        work(lane)
    except Exception:
        log.exception("understudy.failed", extra={"lane": lane})
        connection.close()
