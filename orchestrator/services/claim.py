"""Claim work: conditional updates under SKIP LOCKED, in turns over the tenants, with a lease and a growing epoch.

`now()` is the database's clock, the only one that judges leases and due times; it is stable within a statement, so
indexes serve it (`clock_timestamp()` they could not). The statements are functions, whose plans are kept: see
`migrations/0010_claim_functions.py`.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from orchestrator.values import ClaimedDelivery, ClaimedNotification

LEASE_SECONDS = 15
PLAN_LEASE_SECONDS = 10  # for the few pages of one turn
MOST_TENANTS = 32  # tenants served in one claim; the next claim goes on after them
NOBODY = UUID(int=0)

_DELIVERIES = "SELECT * FROM orchestrator_claim_deliveries(%s::smallint, %s, %s, %s, %s)"
_NOTIFICATIONS = "SELECT * FROM orchestrator_claim_notifications(%s::smallint, %s, %s, %s, %s)"

_RELEASE = """
UPDATE notifications_notification n SET lease_until = NULL
FROM unnest(%s::uuid[], %s::int[]) AS v (id, epoch) WHERE n.id = v.id AND n.lease_epoch = v.epoch
"""

_turns: dict[tuple[str, int], UUID] = {}


def claim_deliveries(lane: int, *, limit: int) -> list[ClaimedDelivery]:
    """Up to `limit` due deliveries of a send lane (0-5), leased for `LEASE_SECONDS`; empty when there are none."""
    rows = _in_turn("send", lane, _DELIVERIES, limit=limit, lease=LEASE_SECONDS)
    return [claimed_delivery(row) for row in rows]


def claim_notifications(priority: int, *, limit: int) -> list[ClaimedNotification]:
    """Up to `limit` notifications due for planning, leased for `PLAN_LEASE_SECONDS`; empty when there are none."""
    rows = _in_turn("plan", priority, _NOTIFICATIONS, limit=limit, lease=PLAN_LEASE_SECONDS)
    return [_claimed_notification(row) for row in rows]


def release(notifications: Sequence[ClaimedNotification]) -> None:
    """Give notifications back whose turn did not come."""
    if notifications:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, ([n.id for n in notifications], [n.lease_epoch for n in notifications]))


def _claimed_notification(row: Sequence[Any]) -> ClaimedNotification:
    head, (channels, content_channels, recipients), tail, (dedup, data) = row[:7], row[7:10], row[10:-2], row[-2:]
    people = tuple(json.loads(recipients))
    said = json.loads(dedup), json.loads(data)
    values: list[Any] = [*head, tuple(channels), tuple(content_channels), people, *tail, *said]
    return ClaimedNotification(*values)


def claimed_delivery(row: Sequence[Any]) -> ClaimedDelivery:
    """A row of `DELIVERY_COLUMNS` as a value; JSON comes as text from a bare cursor."""
    *head, data, created_at, at, version_id, locale, success = row
    own = None if data is None else json.loads(data)
    values: list[Any] = [*head, own, created_at, at, version_id, locale, success]
    return ClaimedDelivery(*values)


def _in_turn(stage: str, lane: int, statement: str, *, limit: int, lease: int) -> list[tuple[Any, ...]]:
    """Claim from the tenants after those served last; from the first ones again when there are none after them."""
    after = _turns.get((stage, lane), NOBODY)
    rows = _claim(statement, lane=lane, after=after, limit=limit, lease=lease)
    if len(rows) < limit and after != NOBODY:
        rows += _claim(statement, lane=lane, after=NOBODY, limit=limit - len(rows), lease=lease)
    tenants = {row[1] for row in rows}
    if len(rows) < limit and len(tenants) > 1:  # those with more fill what the others left of their shares
        rows += _claim(statement, lane=lane, after=after, limit=limit - len(rows), lease=lease)
    _turns[stage, lane] = max(tenants) if len(tenants) == MOST_TENANTS else NOBODY
    return rows


def _claim(statement: str, *, lane: int, after: UUID, limit: int, lease: int) -> list[tuple[Any, ...]]:
    """One round trip: the statement is its own transaction."""
    with connection.cursor() as cursor:
        cursor.execute(statement, (lane, after, MOST_TENANTS, limit, lease))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
