"""Claim work: conditional updates under SKIP LOCKED, in turns over the tenants, with a lease and a growing epoch.

`now()` is the database's clock, the only one that judges leases and due times; it is stable within a statement, so
indexes serve it (`clock_timestamp()` they could not).
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from orchestrator.values import ClaimedDelivery, ClaimedNotification

LEASE_SECONDS = 15
PLAN_LEASE_SECONDS = 10  # for the few pages of one turn
MOST_TENANTS = 32  # tenants served in one claim; the next claim goes on after them
NOBODY = UUID(int=0)

# The tenants that have work in a lane, by hopping from one to the next through the index; of those whose work is due so
# many rows of each. Who only waits for a later moment takes no share.
_DELIVERIES = """
WITH RECURSIVE turn AS (
  (SELECT tenant_id, 1 AS number FROM notifications_delivery
   WHERE state = 'pending' AND lane = %(lane)s AND tenant_id > %(after)s ORDER BY tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT next.tenant_id FROM notifications_delivery next
          WHERE next.state = 'pending' AND next.lane = %(lane)s AND next.tenant_id > turn.tenant_id
          ORDER BY next.tenant_id LIMIT 1), turn.number + 1
  FROM turn WHERE turn.tenant_id IS NOT NULL AND turn.number < %(tenants)s
), sharing AS (
  SELECT tenant_id FROM turn WHERE tenant_id IS NOT NULL AND EXISTS (
    SELECT FROM notifications_delivery first
    WHERE first.state = 'pending' AND first.lane = %(lane)s AND first.tenant_id = turn.tenant_id
      AND first.due_at <= now())
), chosen AS (
  SELECT due.id FROM sharing, LATERAL (
    SELECT id FROM notifications_delivery
    WHERE state = 'pending' AND lane = %(lane)s AND tenant_id = sharing.tenant_id AND due_at <= now()
    ORDER BY due_at
    LIMIT (SELECT ceil(%(limit)s / nullif(count(*), 0)::numeric) FROM sharing)
    FOR UPDATE SKIP LOCKED
  ) AS due
  LIMIT %(limit)s
)
UPDATE notifications_delivery SET state = 'claimed', lease_epoch = lease_epoch + 1, due_at = NULL, wait_reason = '',
  lease_until = now() + %(lease)s * interval '1 second'
WHERE id = ANY (ARRAY(SELECT id FROM chosen))
RETURNING id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode, priority, attempts,
  attempts_before, crashes, lease_epoch, expires_at, unknown_policy, data, created_at, now(),
  template_version_id, locale, success
"""

_NOTIFICATIONS = """
WITH RECURSIVE turn AS (
  (SELECT tenant_id, 1 AS number FROM notifications_notification
   WHERE due_at IS NOT NULL AND priority = %(lane)s AND tenant_id > %(after)s ORDER BY tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT next.tenant_id FROM notifications_notification next
          WHERE next.due_at IS NOT NULL AND next.priority = %(lane)s AND next.tenant_id > turn.tenant_id
          ORDER BY next.tenant_id LIMIT 1), turn.number + 1
  FROM turn WHERE turn.tenant_id IS NOT NULL AND turn.number < %(tenants)s
), sharing AS (
  SELECT tenant_id FROM turn WHERE tenant_id IS NOT NULL AND EXISTS (
    SELECT FROM notifications_notification first
    WHERE first.due_at IS NOT NULL AND first.priority = %(lane)s AND first.tenant_id = turn.tenant_id
      AND first.due_at <= now())
), chosen AS (
  SELECT due.id FROM sharing, LATERAL (
    SELECT id FROM notifications_notification
    WHERE due_at IS NOT NULL AND priority = %(lane)s AND tenant_id = sharing.tenant_id AND due_at <= now()
      AND (lease_until IS NULL OR lease_until < now() OR lease_until > now() + 2 * %(lease)s * interval '1 second')
    ORDER BY due_at
    LIMIT (SELECT ceil(%(limit)s / nullif(count(*), 0)::numeric) FROM sharing)
    FOR UPDATE SKIP LOCKED
  ) AS due
  LIMIT %(limit)s
)
UPDATE notifications_notification SET lease_epoch = lease_epoch + 1,
  crashes = crashes + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END,
  lease_until = now() + %(lease)s * interval '1 second'
WHERE id = ANY (ARRAY(SELECT id FROM chosen))
RETURNING id, tenant_id, mode, type, category, priority, strategy,
  channels, ARRAY(SELECT jsonb_object_keys(content)), recipients,
  segment_id, recipient_count, scheduled_at, scheduled_local, recurrence, expires_at, unknown_policy, created_at,
  lease_epoch, crashes, plan_position, planned_count, now(), template, dedup, data
"""

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


def _claim(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        # A claim that a crash of PostgreSQL takes back is a claim that was never made: no need to wait for the disk.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(statement, {"tenants": MOST_TENANTS, **parameters})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
