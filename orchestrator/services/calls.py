"""Write provider calls: begun before they are made, closed when they have ended.

Every write of a worker is a compare-and-swap on (state, lease epoch): what another worker has taken over in the
meantime is left alone.
"""

import json
from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from events.services import line_ids
from kernel.ids import derived
from orchestrator.rules.shapes import in_shapes
from orchestrator.values import ClaimedDelivery

Call = tuple[ClaimedDelivery, str, str]  # a delivery, the provider and the account it goes through

# What calls share (`shape`) is passed once; each brings the number of its shape along. The end of the lease is asked
# for in a way that no index knows: a plan made while there were no leases would read all there are (decision 21).
_BEGIN = """
WITH shape AS MATERIALIZED (
  SELECT tenant_id, notification_id, attempt, provider, account, detail::jsonb, number
  FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[]) WITH ORDINALITY
    AS shape (tenant_id, notification_id, attempt, provider, account, detail, number)
), call AS MATERIALIZED (
  SELECT * FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::uuid[], %s::uuid[])
    AS call (id, epoch, number, attempt_id, line_id)
), begun AS (
  UPDATE notifications_delivery d SET state = 'sending', attempts = shape.attempt, provider = shape.provider,
    lease_until = now() + %s * interval '1 second'
  FROM call LEFT JOIN shape USING (number)
  WHERE d.id = call.id AND d.lease_epoch = call.epoch AND d.state = 'claimed'
    AND coalesce(d.lease_until, '-infinity') > now()
  RETURNING d.id
), written AS MATERIALIZED (
  SELECT call.*, shape.tenant_id, shape.notification_id, shape.attempt, shape.provider, shape.account, shape.detail
  FROM call JOIN begun USING (id) LEFT JOIN shape USING (number)
), attempt AS (
  INSERT INTO notifications_attempt (id, tenant_id, delivery_id, number, lease_epoch, provider, account, begun_at)
  SELECT attempt_id, tenant_id, id, attempt, epoch, provider, account, now() FROM written
)
INSERT INTO events_event (id, tenant_id, kind, at, notification_id, delivery_id, detail)
SELECT line_id, tenant_id, 'delivery.moved', %s, notification_id, id, detail FROM written
RETURNING delivery_id
"""

_CLOSE_ATTEMPTS = """
UPDATE notifications_attempt a SET outcome = v.outcome, ended_at = now(), code = v.code, detail = v.detail,
  provider_message_id = v.message_id
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[]) AS v (id, outcome, code, detail, message_id)
WHERE a.id = v.id AND a.outcome IN ('', 'unknown')
"""

# Its own worker may still tell how the call ended, for `unknown` can become known; if that worker dies, nobody does.
_DISOWN_CALLS = """
UPDATE notifications_attempt SET outcome = 'unknown', ended_at = now(), code = 'overtaken',
  detail = 'the delivery turned out to be sent while this call was under way'
WHERE delivery_id = ANY (%s) AND outcome = ''
"""


def begin(calls: Sequence[Call], *, at: datetime, lease: int) -> set[UUID]:
    """Write an open attempt for every call whose delivery is still leased to us; returns the ids of those deliveries.

    Committed before the call begins: a call without its row does not exist.
    """
    if not calls:
        return set()
    shapes, numbers = in_shapes(calls, _shape)
    columns = (
        [d.tenant_id for d, _, _ in shapes],
        [d.notification_id for d, _, _ in shapes],
        [d.attempt_number for d, _, _ in shapes],
        [provider for _, provider, _ in shapes],
        [account for _, _, account in shapes],
        [json.dumps(_detail(call)) for call in shapes],
        [d.id for d, _, _ in calls],
        [d.lease_epoch for d, _, _ in calls],
        numbers,
        [attempt_id(d) for d, _, _ in calls],
        line_ids(at, len(calls)),
    )
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, (*columns, lease, at))
        return {delivery_id for (delivery_id,) in cursor.fetchall()}


def _shape(call: Call) -> Hashable:
    delivery, provider, account = call
    return delivery.notification_id, delivery.channel, delivery.attempt_number, provider, account


def _detail(call: Call) -> dict[str, str | int]:
    delivery, provider, _ = call
    attempt = delivery.attempt_number
    return {
        "from": "claimed",
        "to": "sending",
        "channel": delivery.channel,
        "provider": provider,
        "attempt": attempt,
    }


def close_attempts(outcomes: Iterable[tuple[UUID, str, str, str, str]]) -> None:
    """Write (attempt id, outcome, code, detail, message id) of calls that ended; twice changes nothing."""
    rows = list(zip(*outcomes, strict=True))
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE_ATTEMPTS, [list(column) for column in rows])


def attempt_id(delivery: ClaimedDelivery) -> UUID:
    """The id of the attempt that `delivery.attempt_number` counts: in the partition of its delivery, one per number."""
    return derived(delivery.id, "attempt", delivery.attempt_number)


def disown_calls(delivery_ids: Collection[UUID]) -> None:
    """Close the calls that are under way for deliveries that proof of acceptance took from their workers."""
    if delivery_ids:
        with connection.cursor() as cursor:
            cursor.execute(_DISOWN_CALLS, (list(delivery_ids),))
