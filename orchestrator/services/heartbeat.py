"""Keep the leases of batches that last: one thread per process extends those being sent, where still ours."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection

from kernel.clock import monotonic
from orchestrator.services.claim import LEASE_SECONDS
from orchestrator.values import ClaimedDelivery

BEAT_SECONDS = LEASE_SECONDS / 3

_EXTEND = """
UPDATE notifications_delivery d SET lease_until = now() + %s * interval '1 second'
FROM unnest(%s::uuid[], %s::int[]) AS v (id, epoch)
WHERE d.id = v.id AND d.lease_epoch = v.epoch AND d.state IN ('claimed', 'sending')
"""

log = logging.getLogger(__name__)


@contextmanager
def heartbeat(deliveries: Sequence[ClaimedDelivery]) -> Iterator[None]:
    """While inside, the leases of `deliveries` do not run out, however long the calls take."""
    token = _heart.add(deliveries)
    try:
        yield
    finally:
        _heart.remove(token)


class _Heart:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight: dict[int, tuple[float, Sequence[ClaimedDelivery]]] = {}
        self._thread: threading.Thread | None = None
        self._next = 0

    def add(self, deliveries: Sequence[ClaimedDelivery]) -> int:
        with self._lock:
            self._next += 1
            self._in_flight[self._next] = monotonic(), deliveries
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()
            return self._next

    def remove(self, token: int) -> None:
        with self._lock:
            self._in_flight.pop(token, None)

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(BEAT_SECONDS / 2):
            with self._lock:
                begun_before = monotonic() - BEAT_SECONDS / 2
                old = [d for since, batch in self._in_flight.values() if since < begun_before for d in batch]
            if old:
                self._extend(old)

    def _extend(self, deliveries: Sequence[ClaimedDelivery]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    _EXTEND, (LEASE_SECONDS, [d.id for d in deliveries], [d.lease_epoch for d in deliveries])
                )
        except (DatabaseError, InterfaceError):
            # The leases run out and the calls are judged by their recovery; the next beat tries a new connection.
            log.warning("heartbeat.missed", extra={"deliveries": len(deliveries)})
            connection.close()


_heart = _Heart()
