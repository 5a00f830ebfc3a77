"""Carillon's turn at a fan-out: one request by HTTP to a list of people, until all are sent to, and the proof of it."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from config.bench import letter
from config.bench.arena import Arena
from config.bench.people import Describe, list_of
from config.bench.sinks.sink import Sink
from config.bench.stack import BULK_PROCESSES
from config.bench.values import Measure, Trouble, Turn
from config.bench.waiting import wait_for

RATE = Measure("rate", "sent", "/s")
ACCEPTED_MS = Measure("accepted_ms", "request answered", "ms")
FIRST_MS = Measure("first_ms", "first hand-over", "ms")

FULL = (
    "on: fsync, synchronous_commit, idempotency key, HTML + text + subject in Liquid per recipient, preferences, "
    "suppressions, recipient caps, rate limits, breaker, attempts, leases, event log, encryption of account secrets",
    "limits are on and set too high to hold anything back",
)
SLOWEST = 100.0  # a second: what is slower than that has stopped

_STATUS = "SELECT status FROM notifications_notification WHERE id = %s"
_SENT = """
SELECT count(*), count(DISTINCT recipient_id), count(*) FILTER (WHERE state IN ('sent', 'delivered'))
FROM notifications_delivery WHERE notification_id = %s
"""
_ATTEMPTS = """
SELECT count(*), count(*) FILTER (WHERE outcome = 'sent'), min(begun_at) FROM notifications_attempt
WHERE delivery_id IN (SELECT id FROM notifications_delivery WHERE notification_id = %s)
"""
_CREATED = "SELECT created_at FROM notifications_notification WHERE id = %s"
_IDS = "SELECT id FROM notifications_delivery WHERE notification_id = %s"


@dataclass(frozen=True, slots=True)
class Road:
    """By what way, in what words, to whom."""

    channel: str
    content: Mapping[str, Any]
    describe: Describe


EMAIL = Road("email", letter.CONTENT, letter.person)


class Campaign:
    """One request to a list of people, again and again. What earlier turns wrote stays in the tables, as in life."""

    about = f"one request by HTTP; web, timekeeper, {BULK_PROCESSES} bulk workers as shipped"

    def __init__(self, arena: Arena, *, tenant: str, sink: Sink | None = None, road: Road = EMAIL) -> None:
        """What `sink` took is compared with our ledger."""
        self._arena, self._sink, self._road = arena, sink, road
        self._api = arena.stack.api(tenant)
        self._lists: dict[int, str] = {}
        self.last: UUID | None = None  # the notification that was accepted last

    def prepare(self, size: int) -> None:
        """Make the list of `size` people, so that no turn has to."""
        if size not in self._lists:
            self._lists[size] = list_of(self._api, f"people-{size}", size=size, describe=self._road.describe)

    def send(self, size: int) -> Turn:
        """To the list of `size` people."""
        self.prepare(size)
        if self._sink is not None:
            self._sink.took()
        began = time.monotonic()
        id = self.accept(size)
        accepted = time.monotonic() - began
        patience = 60 + size / SLOWEST
        if not wait_for(lambda: self.ended(id), seconds=patience, check=self._arena.stack.check):
            return Turn(size, {}, (f"not finished after {patience:.0f} s: {self._found(id)}",))
        seconds = time.monotonic() - began
        troubles, first_ms = self.proof(id, size)
        figures = {"rate": size / seconds, "accepted_ms": accepted * 1000, "first_ms": first_ms}
        return Turn(size, figures, troubles)

    def accept(self, size: int) -> UUID:
        """Ask for it, to a list that is prepared; the notification."""
        request = {
            "segment": self._lists[size],
            "channels": [self._road.channel],
            "content": self._road.content,
            "data": letter.DATA,
            "priority": "medium",
            "idempotency_key": uuid4().hex,
        }
        self.last = UUID(self._api("POST", "/notifications", request)["id"])
        return self.last

    def ended(self, id: UUID) -> bool:
        """Whether nothing more happens to it. Raises `Trouble` when it is gone."""
        row = self._arena.ledger.execute(_STATUS, (id,)).fetchone()
        if row is None:
            raise Trouble(f"notification {id} was accepted and is not there")
        return row[0] in ("completed", "failed", "cancelled", "expired")

    def proof(self, id: UUID, size: int) -> tuple[tuple[str, ...], float]:
        """What is missing or too much, and the milliseconds until the first call of a provider began."""
        deliveries, people, sent, attempts, accepted, first = self._found(id)
        wanted = dict.fromkeys(("deliveries", "recipients", "sent", "attempts", "attempts that sent"), size)
        found = dict(zip(wanted, (deliveries, people, sent, attempts, accepted), strict=True))
        troubles = [
            f"{name}: {found[name]} instead of {wanted[name]}" for name in wanted if found[name] != wanted[name]
        ]
        if self._sink is not None:
            troubles += self._compared(id, self._sink.took())
        return tuple(troubles), first

    def _found(self, id: UUID) -> tuple[int, int, int, int, int, float]:
        ledger = self._arena.ledger
        deliveries, people, sent = ledger.execute(_SENT, (id,)).fetchone() or (0, 0, 0)
        attempts, accepted, first = ledger.execute(_ATTEMPTS, (id,)).fetchone() or (0, 0, None)
        (created,) = ledger.execute(_CREATED, (id,)).fetchone() or (None,)
        first_ms = (first - created).total_seconds() * 1000 if first and created else 0.0
        return deliveries, people, sent, attempts, accepted, first_ms

    def _compared(self, id: UUID, arrived: Collection[str]) -> list[str]:
        ours = {str(delivery) for (delivery,) in self._arena.ledger.execute(_IDS, (id,))}
        once = set(arrived)
        found = []
        if missing := len(ours - once):
            found.append(f"{missing} deliveries never reached the sink")
        if twice := len(arrived) - len(once):
            found.append(f"{twice} reached the sink more than once")
        return found
