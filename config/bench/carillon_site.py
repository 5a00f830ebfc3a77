"""Carillon as a site for single notifications."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from uuid import uuid4

from config.bench import letter
from config.bench.arena import Arena
from config.bench.load import Request
from config.bench.people import list_of
from config.bench.stack import BULK_PROCESSES

PEOPLE = 1000
CONDITIONS = (
    "on: fsync, synchronous_commit, API key, idempotency key, content and data in each request, HTML + text + subject "
    "in Liquid, preferences, suppressions, recipient caps, rate limits, breaker, attempts, leases, event log",
    "limits are on and set too high to hold anything back",
)
_HANDED_OVER = """
SELECT notification_id::text, to_timestamp(min(split_part(provider_message_id, '-', 1)::float8) / 1e9)
FROM notifications_delivery
WHERE notification_id = ANY (%s::uuid[]) AND state IN ('sent', 'delivered') GROUP BY 1
"""


class CarillonSite:
    """`priority` decides the lane; people are known before."""

    about = f"its API as shipped, {BULK_PROCESSES} bulk workers and one for critical"

    def __init__(self, arena: Arena, *, priority: str) -> None:
        self._arena, self._priority = arena, priority
        self.port = arena.stack.port
        list_of(arena.stack.api("post"), f"people-{PEOPLE}", size=PEOPLE, describe=letter.person)
        self._numbers = count()

    def requests(self, size: int) -> Sequence[bytes]:
        """One person after the other is written to."""
        return [self._request(next(self._numbers) % PEOPLE).encoded() for _ in range(size)]

    def handed_over(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When the null provider was called, for notifications that are sent: it says so in the name of the message."""
        return dict(self._arena.ledger.execute(_HANDED_OVER, (list(ids),)).fetchall())

    def _request(self, number: int) -> Request:
        body = {
            "recipients": [f"person-{number}"],
            "channels": ["email"],
            "content": letter.CONTENT,
            "data": letter.DATA,
            "priority": self._priority,
            "idempotency_key": uuid4().hex,
        }
        return Request("/api/v1/notifications", body, key=self._arena.stack.key("post"))
