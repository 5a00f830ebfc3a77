"""A campaign of low priority that goes out flat out, so that something else can be watched beside it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from config.bench import letter
from config.bench.arena import Arena
from config.bench.people import list_of
from config.bench.values import Trouble
from config.bench.waiting import wait_for

BEGUN_SECONDS = 60.0
ENDED = ("completed", "failed", "cancelled", "expired")
_SENT = "SELECT count(*) FROM notifications_delivery WHERE notification_id = %s AND state = 'sent'"
_STATUS = "SELECT status FROM notifications_notification WHERE id = %s"


class Background:
    """One low notification of a tenant to `size` people, sent to nowhere; the people are made here."""

    def __init__(self, arena: Arena, *, tenant: str, size: int) -> None:
        self._arena, self._size = arena, size
        arena.stack.account(tenant, key="nowhere", provider="nowhere", credentials={})
        self._api = arena.stack.api(tenant)
        self._list = list_of(self._api, f"people-{size}", size=size, describe=letter.person)

    @contextmanager
    def going_out(self) -> Iterator[UUID]:
        """Accept it, wait until it goes out; it is cancelled at the end. Raises `Trouble`."""
        id = self._accept()
        try:
            if not wait_for(lambda: self.sent(id) > 0, seconds=BEGUN_SECONDS, check=self._arena.stack.check):
                raise Trouble(f"nothing of the low campaign was sent in {BEGUN_SECONDS:.0f} s")
            yield id
        finally:
            self._end(id)

    def rate(self, id: UUID, meanwhile: Callable[[], object]) -> float:
        """What is sent of it per second while something else is done."""
        before, began = self.sent(id), time.monotonic()
        meanwhile()
        return (self.sent(id) - before) / (time.monotonic() - began)

    def sent(self, id: UUID) -> int:
        """How many of its deliveries are sent."""
        return int((self._arena.ledger.execute(_SENT, (id,)).fetchone() or (0,))[0])

    def over(self, id: UUID) -> tuple[str, ...]:
        """The trouble that it has ended by itself, so that nothing went out beside what was watched."""
        if self._status(id) != "completed":
            return ()
        return (f"{self._size} low recipients were over before enough was seen; a greater size would do",)

    def _accept(self) -> UUID:
        request = {
            "segment": self._list,
            "channels": ["email"],
            "content": letter.CONTENT,
            "data": letter.DATA,
            "priority": "low",
            "idempotency_key": uuid4().hex,
        }
        return UUID(self._api("POST", "/notifications", request)["id"])

    def _end(self, id: UUID) -> None:
        if self._status(id) not in ENDED:
            self._api("POST", f"/notifications/{id}/cancel", {})
        wait_for(lambda: self._status(id) in ENDED, seconds=BEGUN_SECONDS)

    def _status(self, id: UUID) -> str:
        return str((self._arena.ledger.execute(_STATUS, (id,)).fetchone() or ("gone",))[0])
