"""Bells: "there is work in lane L". A bell is never the only copy of anything; losing one costs a second.

Ringing never blocks and never raises: a thread of this process publishes one Celery message per lane however often it
was rung meanwhile. While the broker is out the timekeeper is told through PostgreSQL instead and does the work itself.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from enum import Enum

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from kombu.exceptions import KombuError

from kernel.clock import monotonic
from kernel.metrics import BELLS

TASK = "orchestrator.work"
NOTIFY_CHANNEL = "carillon_bell"
PENDING_SECONDS = 10.0  # how long one unanswered bell silences the next ones of its lane
UNANSWERED_SECONDS = 3.0  # a bell that rings longer than this is heard by nobody
QUIET_SECONDS = 1.0  # after a failed publish the broker is left alone this long

log = logging.getLogger(__name__)


def ring(lanes: Iterable[str]) -> None:
    """Wake the workers of `lanes`, soon."""
    _ringer.add(lanes)


def ring_on_commit(lanes: Iterable[str]) -> None:
    """Wake the workers of `lanes` once the current transaction is committed (at once when there is none)."""
    wanted = frozenset(lanes)

    def after_commit() -> None:
        ring(wanted)

    transaction.on_commit(after_commit, robust=True)


def answered(lane: str) -> None:
    """A worker has taken the bell of `lane` and is about to look for work: later work may ring again."""
    try:
        _ringer.broker().delete(_key(lane))
    except (redis.RedisError, OSError):
        BELLS.labels("broker_out").inc()


class Bell(Enum):
    """What became of an attempt to ring."""

    RUNG = "rung"
    PENDING = "coalesced"  # it rings already, since a moment
    UNANSWERED = "unanswered"  # it rings already, and nobody comes
    BROKER_OUT = "broker_out"


def publish(lane: str) -> Bell:
    """Ring now, unless it rings already, and tell whether anybody comes. Takes half a second at the very most."""
    bell = _publish(lane)
    if bell is Bell.PENDING and _rings_unanswered(lane):
        bell = Bell.UNANSWERED
    BELLS.labels(bell.value).inc()
    return bell


def _publish_only(lane: str) -> Bell:
    """As `publish`, for those who do not work a lane themselves when nobody comes: a question less to Redis."""
    bell = _publish(lane)
    BELLS.labels(bell.value).inc()
    return bell


def _publish(lane: str) -> Bell:
    try:
        if not _ringer.broker().set(_key(lane), 1, nx=True, px=int(PENDING_SECONDS * 1000)):
            return Bell.PENDING
        current_app.send_task(TASK, kwargs={"lane": lane}, queue=settings.LANES[lane], retry=False)
    except (redis.RedisError, KombuError, OSError) as trouble:
        log.warning("bell.not_rung", extra={"lane": lane, "trouble": type(trouble).__name__})
        return Bell.BROKER_OUT
    return Bell.RUNG


def _rings_unanswered(lane: str) -> bool:
    try:
        left = max(_ringer.broker().pttl(_key(lane)), 0) / 1000
    except (redis.RedisError, OSError):
        return True
    return PENDING_SECONDS - left > UNANSWERED_SECONDS


def _key(lane: str) -> str:
    return f"carillon:bell:{lane}"


def _tell_timekeeper(lanes: Iterable[str]) -> None:
    try:
        with connection.cursor() as cursor:
            for lane in lanes:
                cursor.execute("SELECT pg_notify(%s, %s)", (NOTIFY_CHANNEL, lane))
    except (DatabaseError, InterfaceError):
        # Both are out: the timekeeper finds the work by looking when the database is back.
        BELLS.labels("nobody_told").inc()
        connection.close()


class _Ringer:
    """One daemon thread per process; started at the first bell, so that it survives no fork."""

    def __init__(self, publish: Callable[[str], Bell], otherwise: Callable[[Iterable[str]], None]) -> None:
        self._publish, self._otherwise = publish, otherwise
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._broker: redis.Redis | None = None
        self._quiet_until = 0.0

    def add(self, lanes: Iterable[str]) -> None:
        with self._changed:
            self._wanted.update(lanes)
            if not self._wanted:
                return
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
                self._thread.start()
            self._changed.notify()

    def broker(self) -> redis.Redis:
        if self._broker is None:
            self._broker = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=0.3, socket_connect_timeout=0.3, retry=None
            )
        return self._broker

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._wanted:
                    self._changed.wait()
                lanes, self._wanted = sorted(self._wanted), set()
            failed = [lane for lane in lanes if not self._ring(lane)]
            if failed:
                self._otherwise(failed)

    def _ring(self, lane: str) -> bool:
        if monotonic() < self._quiet_until:
            return False
        if self._publish(lane) is not Bell.BROKER_OUT:
            return True
        self._quiet_until = monotonic() + QUIET_SECONDS
        return False


_ringer = _Ringer(_publish_only, _tell_timekeeper)
