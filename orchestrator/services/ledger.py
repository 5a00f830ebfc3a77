"""Conservation: whatever was accepted has an outcome or is pending, for every hour and after any crash (DESIGN 2).

The unit is a pair of recipient and notification. A pair that was planned counts once, as the best that any of its
deliveries came to; one that was not planned is pending while its notification is open, and ended with it otherwise.
What `verify_ledger` looks at besides is in `ledger_checks`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import connection

from kernel.gauges import Reading, gauge_source
from kernel.ids import lowest, moment_of

HOUR = timedelta(hours=1)
WATCHED = timedelta(hours=2)
KEPT_SECONDS = 900  # how long a figure of the last round is told; then nobody knows
_CACHE_KEY = "ledger:imbalance"

# Best first. An open delivery beats an ending that is no success, and a failure is told before a skip hides it.
OUTCOMES = (
    "delivered", "sent", "unknown", "pending", "bounced", "dead", "failed", "expired", "cancelled", "skipped",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HourBalance:
    """The pairs of the notifications accepted in one hour (UTC), by how they stand. `pairs` has only what there is."""

    hour: datetime
    accepted: int
    pairs: Mapping[str, int]

    @property
    def missing(self) -> int:
        """Accepted pairs nobody can account for; negative when there are more than were accepted."""
        return self.accepted - sum(self.pairs.values())


def balance(since: datetime, until: datetime) -> list[HourBalance]:
    """The balance of every hour in which something was accepted, oldest first, in one look: exact while work goes on.

    From the hour of `since` to that of `until`, both included. Sees what the caller's scope sees.
    """
    low, high = window(since, until)
    accepted: dict[datetime, int] = {}
    pairs: dict[datetime, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"low": low, "high": high, "order": list(OUTCOMES)})
        for hour, outcome, count in cursor.fetchall():
            if outcome is None:
                accepted[hour] = count
            else:
                pairs[hour][outcome] = count
    return [
        HourBalance(hour=hour.astimezone(UTC), accepted=accepted[hour], pairs=pairs[hour]) for hour in sorted(accepted)
    ]


def window(since: datetime, until: datetime) -> tuple[UUID, UUID]:
    """The ids of whole hours: the first that may be meant, and the first that is beyond."""
    return lowest(_hour(since)), lowest(_hour(until) + HOUR)


def first_accepted_at() -> datetime | None:
    """When the oldest notification that is kept was accepted; `None` when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM notifications_notification ORDER BY id LIMIT 1")
        row = cursor.fetchone()
    return moment_of(row[0]) if row else None


def watch(*, at: datetime) -> int:
    """Look at the last two hours and let `/metrics` tell what is missing; part of upkeep."""
    imbalance = sum(abs(hour.missing) for hour in balance(at - WATCHED, at))
    cache.set(_CACHE_KEY, imbalance, KEPT_SECONDS)
    return imbalance


@gauge_source("carillon_ledger_imbalance", meaning="Accepted pairs of the last two hours nobody can account for.")
def _told() -> list[Reading]:
    imbalance = cache.get(_CACHE_KEY)
    return [] if imbalance is None else [((), float(imbalance))]


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


# Ids carry the moment of acceptance, deliveries that of their notification: one range of ids cuts both tables.
# A notification has a reason when it ended before it was wholly planned; a replay puts `replayed_after_` before it.
_BALANCE = """
WITH accepted AS (
  SELECT id, recipient_count, status, replace(reason, 'replayed_after_', '') AS reason, planned_at, due_at,
    date_trunc('hour', created_at, 'UTC') AS hour
  FROM notifications_notification WHERE id >= %(low)s AND id < %(high)s
), pair AS (
  SELECT notification_id, min(array_position(%(order)s::text[],
    CASE WHEN state IN ('claimed', 'sending') THEN 'pending' ELSE state END)) AS best
  FROM notifications_delivery WHERE id >= %(low)s AND id < %(high)s
  GROUP BY notification_id, recipient_id
), planned AS (
  SELECT notification_id, best, count(*) AS pairs FROM pair GROUP BY notification_id, best
), counted AS (
  SELECT notification_id, sum(pairs) AS pairs FROM planned GROUP BY notification_id
), unplanned AS (
  SELECT hour, recipient_count - coalesce(pairs, 0) AS pairs,
    CASE WHEN due_at IS NOT NULL THEN 'pending'
         WHEN reason IN ('cancelled', 'expired') THEN reason
         WHEN reason <> '' THEN 'failed'
         WHEN planned_at IS NULL AND status IN ('cancelled', 'expired', 'failed') THEN status END AS outcome
  FROM accepted LEFT JOIN counted ON notification_id = id
  WHERE recipient_count > coalesce(pairs, 0)
)
SELECT hour, NULL AS outcome, sum(recipient_count)::bigint FROM accepted GROUP BY hour
UNION ALL
SELECT hour, outcome, sum(pairs)::bigint FROM (
  SELECT hour, (%(order)s::text[])[best] AS outcome, pairs FROM planned JOIN accepted ON id = notification_id
  UNION ALL
  SELECT hour, outcome, pairs FROM unplanned WHERE outcome IS NOT NULL
) AS counts GROUP BY hour, outcome
"""
