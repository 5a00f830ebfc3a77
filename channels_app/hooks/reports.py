"""The reports that still have to be applied: claimed under a lock, ended or put off. Who applies them is above us."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from channels_app.hooks.models import INBOUND, VISIT, Report
from channels_app.hooks.store import private_of
from channels_app.rules.reports import PATIENCE, wait_before
from tenants.asking import cursor_of_texts

VISIT_LEASE = timedelta(minutes=1)  # nobody else visits meanwhile

_COLUMNS = """id, tenant_id, account, provider, channel, kind, at, delivery_id, provider_message_id, code, permanent,
  private, tries, extract(epoch FROM now() - received_at)::float8, detail"""

# In the order in which they came, except what was put off. Read from the index: old statistics know nothing of a queue
# that has just come, and the planner would sort the whole of it for each batch.
_DUE = f"""
SELECT {_COLUMNS} FROM channels_app_report
WHERE due_at <= now() AND kind <> '{VISIT}' ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
CLAIM = f"SET LOCAL enable_sort = off; {_DUE}; SET LOCAL enable_sort = DEFAULT; SELECT now()"

_CLAIM_VISITS = f"""
UPDATE channels_app_report SET due_at = now() + %s * interval '1 second', tries = tries + 1
WHERE id = ANY (ARRAY(
  SELECT id FROM channels_app_report WHERE due_at <= now() AND kind = '{VISIT}'
  ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING {_COLUMNS}, now()
"""

_END = """
UPDATE channels_app_report r SET due_at = NULL, outcome = v.outcome, reason = v.reason, ended_at = now(),
  delivery_id = coalesce(v.delivery_id, r.delivery_id)
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[]) AS v (id, outcome, reason, delivery_id)
WHERE r.id = v.id
"""

_PUT_OFF = """
UPDATE channels_app_report r SET due_at = now() + v.seconds * interval '1 second', tries = r.tries + 1, reason = %s
FROM unnest(%s::uuid[], %s::float8[]) AS v (id, seconds) WHERE r.id = v.id
"""

# Also those that are due: one that is being looked at now may be about to be put off, and is waited for here. The
# condition is that of the index `report_waiting`, and not of the one that the queue is read by.
WAKE = """
UPDATE channels_app_report SET due_at = '-infinity'
WHERE outcome = '' AND provider_message_id <> '' AND provider_message_id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A report that is ours to apply. `now` is the database's clock."""

    id: UUID
    tenant_id: UUID | None
    account: str
    provider: str
    channel: str
    kind: str
    at: datetime
    delivery_id: UUID | None
    provider_message_id: str
    code: str
    permanent: bool
    private: bytes | None
    tries: int
    known_seconds: float  # since it was received
    detail: str  # JSON of what we saw ourselves; {} = a provider told it
    now: datetime

    @property
    def is_inbound(self) -> bool:
        return self.kind == INBOUND

    @property
    def hopeless(self) -> bool:
        """It has waited as long as any report does."""
        return self.known_seconds > PATIENCE.total_seconds()

    def sighted(self) -> dict[str, Any]:
        """What we saw ourselves; empty: a provider told it."""
        found: dict[str, Any] = {} if self.detail == "{}" else json.loads(self.detail)
        return found

    def secret(self) -> dict[str, Any]:
        """What only its use may see. Raises `kernel.crypto.Unreadable`."""
        return private_of(self)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a report ended; `delivery_id` is the delivery it spoke of, where it did not say so itself."""

    id: UUID
    outcome: str = Report.Outcome.APPLIED
    reason: str = ""
    delivery_id: UUID | None = None


def claim_reports(*, limit: int) -> list[Claimed]:
    """Lock up to `limit` reports that are due, until the caller's transaction ends."""
    with cursor_of_texts() as cursor:
        cursor.execute(CLAIM, (limit,))
        cursor.nextset()
        rows = cursor.fetchall()
        while cursor.nextset():
            pass
        (now,) = cursor.fetchone()
        return [Claimed(*(*row, now)) for row in rows]


def claim_visits(*, limit: int) -> list[Claimed]:
    """Lease up to `limit` visits that are due: they are made with no transaction open."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_VISITS, (VISIT_LEASE.total_seconds(), limit))
        return [Claimed(*row) for row in cursor.fetchall()]


def end(ended: Sequence[Ended]) -> None:
    """Write how reports ended."""
    if not ended:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _END,
            (
                [one.id for one in ended],
                [str(one.outcome) for one in ended],
                [one.reason for one in ended],
                [one.delivery_id for one in ended],
            ),
        )


def put_off(reports: Sequence[Claimed], *, reason: str) -> datetime | None:
    """Let reports wait for what they speak of, longer each time; returns when the first of them is due."""
    if not reports:
        return None
    waits = [wait_before(report.tries + 1) for report in reports]
    with connection.cursor() as cursor:
        seconds = [wait.total_seconds() for wait in waits]
        cursor.execute(_PUT_OFF, (reason, [report.id for report in reports], seconds))
    return min(report.now + wait for report, wait in zip(reports, waits, strict=True))


def wake_parked(message_ids: Collection[str]) -> int:
    """Make the reports due that wait for these messages, now that they are known; returns how many.

    To be called after the commit that made them known, and holding no locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAKE, (sorted(message_ids),))
        return int(cursor.rowcount)
