"""The naive build as somebody who is told what became of deliveries: its site, and deliveries that are sent already."""

import time
from uuid import uuid4

from config.bench.arena import Arena
from config.bench.databases import connect
from config.bench.load import flat_out
from config.bench.naive.site import NaiveSite
from config.bench.receipts import Reporter
from config.bench.values import Turn

CONNECTIONS = 4
_NOTIFICATIONS = """
INSERT INTO naive_notification
  (id, idempotency_key, template, user_id, channel, address, variables, status, created_at, updated_at)
SELECT id, id::text, 'order', 'person', 'email', 'person@example.org', '{}', 'completed', now(), now()
FROM unnest(%s::uuid[]) AS new (id)
"""
_DELIVERIES = """
INSERT INTO naive_delivery
  (id, notification_id, status, address, message_id, attempts, sent_at, created_at, updated_at)
SELECT id, id, 'sent', 'person@example.org', 'reported-' || id, 1, now(), now(), now()
FROM unnest(%s::uuid[]) AS new (id)
"""
_APPLIED = """
SELECT count(*) FILTER (WHERE status = 'delivered'), (SELECT count(*) FROM naive_history) FROM naive_delivery
"""


class NaiveHook:
    """Its hook believes `reporter`. What it is told is applied when it answers."""

    about = "the same calls to gunicorn -w 2; for each receipt: SELECT FOR UPDATE, UPDATE, a row of history, commit"

    def __init__(self, arena: Arena, reporter: Reporter) -> None:
        self._arena, self._reporter = arena, reporter
        self._site = NaiveSite(arena, worker=False, environ={"NAIVE_VERIFICATION_KEY": reporter.verification_key})

    def turn(self, size: int) -> Turn:
        """`size` receipts; `applied` is applied per second."""
        deliveries = [uuid4() for _ in range(size)]
        with self._site.running(), connect(self._arena.plain_database_url) as database:
            database.execute(_NOTIFICATIONS, (deliveries,))
            database.execute(_DELIVERIES, (deliveries,))
            calls = list(self._reporter.calls("/hooks", deliveries))
            began = time.monotonic()
            flat_out(self._site.port, calls, connections=CONNECTIONS)
            rate = size / (time.monotonic() - began)
            applied, lines = database.execute(_APPLIED).fetchone() or (0, 0)
        troubles = () if (applied, lines) == (size, size) else (f"{applied} arrived with {lines} lines, not {size}",)
        return Turn(size, {"heard": rate, "applied": rate}, troubles)
