"""Keep the counts, and make them anew from the log. Lines are counted where they lie: none is copied to Python."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from analytics.rules.latency import BOUNDS
from analytics.rules.rollups import (
    AUTOMATED,
    COUNTED_KINDS,
    ENDS,
    ENGAGED,
    GRAINS,
    HOUR,
    LEFT,
    LEFT_BECAUSE,
    MANY_CANCELLED,
    MOVED,
    PLANNED,
    QUARTER,
)
from events.consumers import IN_STRETCH, Stretch, rewind

CONSUMER = "analytics.counts"
_ENGAGED_ROWS = tuple((kind, outcome, list(kinds)) for outcome, kinds in ENGAGED.items() for kind in kinds)


def count(stretch: Stretch) -> None:
    """Add what the lines of a stretch count for, in one statement and the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {**stretch.bounds, **_RULES})


def start_over() -> int:
    """Forget the counts that the log can make again and read it from its beginning; returns how many were forgotten.

    Hours older than the oldest line that is kept stay: nothing could make them again. Needs to see all tenants.
    """
    with transaction.atomic():
        rewind(CONSUMER)  # first: it waits for a reader at work, and the next one finds the cursor locked
        with connection.cursor() as cursor:
            cursor.execute(_OLDEST)
            row = cursor.fetchone()
            return sum(_forget(cursor, table, oldest=row[0]) for table in _TABLES) if row else 0


def _forget(cursor: Any, table: str, *, oldest: datetime) -> int:
    keys, sums = _TABLES[table]
    names = {
        "table": table,
        "keys": ", ".join(keys),
        "sums": ", ".join(sums),
        "summed": ", ".join(f"sum({one})" for one in sums),
    }
    cursor.execute(_FORGET.format(**names), {"oldest": oldest})
    forgotten = int(cursor.rowcount)
    coarse = [grain for grain in GRAINS if grain > HOUR]
    cursor.execute(_REST.format(**names), {"oldest": oldest, "hour": HOUR, "coarse": coarse})
    return forgotten


_TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # what tells rows apart besides, and what they count
    "analytics_outcomecount": (("outcome", "currency"), ("count", "attempts", "timed", "latency_ms", "cost_micros")),
    "analytics_latencycount": (("bucket",), ("count",)),
}
_RULES: dict[str, Any] = {
    "kinds": list(COUNTED_KINDS),
    "planned": PLANNED,
    "moved": MOVED,
    "many_cancelled": MANY_CANCELLED,
    "left": LEFT,
    "left_because": LEFT_BECAUSE,
    "ends": list(ENDS),
    "automated": AUTOMATED,
    "grains": list(GRAINS),
    "quarter": QUARTER,
    "bounds": list(BOUNDS),
    "engaged_kinds": [kind for kind, _, _ in _ENGAGED_ROWS],
    "engaged_outcomes": [outcome for _, outcome, _ in _ENGAGED_ROWS],
}

# `line`     the lines that count for anything
# `rare`     those that tell of no move
# `told`     one row for everything a line counts for
# `origin`   the notifications they are about, each looked up once; where one is gone, type and strategy are empty
# `cell`     added up by quarter, the finest grain, with the bucket of what was sent
# People's engagement counts once: when no earlier line tells of the same, in the order in which the log is read.
# Half a microsecond is added to a moment in floating point, so that whole milliseconds are not rounded down by one.
# Every origin is that of something told, so the FULL JOIN is a LEFT one that no planner, however stale its statistics,
# does as a loop in a loop; nor does it make a join with the whole log of a sub-select that has a LIMIT.
_COUNT = f"""
WITH line AS MATERIALIZED (
  SELECT xid, id, tenant_id, kind, at, notification_id, delivery_id, reason, detail,
    detail ->> 'to' AS becomes, detail ->> 'from' AS was
  FROM events_event WHERE {IN_STRETCH} AND kind = ANY(%(kinds)s)
), rare AS MATERIALIZED (
  SELECT * FROM line WHERE kind <> %(moved)s AND kind <> %(planned)s
), told AS MATERIALIZED (
  SELECT tenant_id, at, notification_id, detail ->> 'channel' AS channel, 1 AS number,
    CASE WHEN kind = %(planned)s THEN 'planned' WHEN becomes = ANY(%(ends)s) THEN becomes ELSE 'retried' END AS outcome,
    kind = %(moved)s AND was = 'sending' AS attempted,
    (detail ->> 'cost_micros')::bigint AS cost_micros, detail ->> 'currency' AS currency
  FROM line
  WHERE kind = %(planned)s
    OR kind = %(moved)s AND (becomes = ANY(%(ends)s) OR becomes = 'pending' AND was = 'sending')
  UNION ALL
  SELECT tenant_id, at, notification_id, detail ->> 'channel', 1, 'skipped', false, NULL, NULL
  FROM line WHERE kind = %(planned)s AND becomes = 'skipped'
  UNION ALL
  SELECT tenant_id, at, notification_id, many.channel, many.number::int, 'cancelled', false, NULL, NULL
  FROM rare CROSS JOIN jsonb_each_text(detail -> 'channels') AS many (channel, number)
  WHERE kind = %(many_cancelled)s
  UNION ALL
  SELECT tenant_id, at, NULL, detail ->> 'channel', 1, 'unsubscribed', false, NULL, NULL
  FROM rare WHERE kind = %(left)s AND reason = %(left_because)s AND delivery_id IS NULL
  UNION ALL
  SELECT tenant_id, at, notification_id, coalesce(detail ->> 'channel', 'in_app'), 1, outcome, false, NULL, NULL
  FROM rare JOIN unnest(%(engaged_kinds)s::text[], %(engaged_outcomes)s::text[]) AS rule (kind, outcome) USING (kind)
  WHERE reason <> %(automated)s AND delivery_id IS NOT NULL AND (
    SELECT true FROM events_event before
    JOIN unnest(%(engaged_kinds)s::text[], %(engaged_outcomes)s::text[]) AS same (kind, outcome)
      ON same.kind = before.kind AND same.outcome = rule.outcome
    WHERE before.delivery_id = rare.delivery_id AND before.tenant_id = rare.tenant_id
      AND before.reason <> %(automated)s AND (before.xid, before.id) < (rare.xid, rare.id)
    LIMIT 1) IS NULL
), wanted AS MATERIALIZED (
  SELECT DISTINCT notification_id AS id FROM told WHERE notification_id IS NOT NULL
), origin AS MATERIALIZED (
  SELECT id, mode, type, strategy,
    CASE WHEN scheduled_local = '' THEN greatest(created_at, scheduled_at) END AS wanted_at
  FROM notifications_notification
  WHERE id = ANY(ARRAY(SELECT id FROM wanted))
    AND id >= (SELECT id FROM wanted ORDER BY id LIMIT 1) AND id <= (SELECT id FROM wanted ORDER BY id DESC LIMIT 1)
), timed AS (
  SELECT told.*, coalesce(origin.mode, 'live') AS mode, coalesce(origin.type, '') AS type,
    coalesce(origin.strategy, '') AS strategy,
    CASE WHEN origin.wanted_at IS NOT NULL
      THEN greatest(floor(date_part('epoch', told.at - origin.wanted_at) * 1000 + 0.0005), 0)::bigint END AS took_ms
  FROM told FULL JOIN origin ON origin.id = told.notification_id
), cell AS MATERIALIZED (
  SELECT tenant_id, mode, date_bin(%(quarter)s * interval '1 minute', at, '1970-01-01Z') AS quarter,
    coalesce(channel, '') AS channel, type, strategy, outcome, coalesce(currency, '') AS currency,
    CASE WHEN outcome = 'sent' THEN width_bucket(took_ms, %(bounds)s::bigint[]) END AS bucket,
    sum(number) AS count, coalesce(sum(number) FILTER (WHERE attempted), 0) AS attempts,
    coalesce(sum(number) FILTER (WHERE took_ms IS NOT NULL), 0) AS timed,
    coalesce(sum(number * took_ms), 0) AS latency_ms, coalesce(sum(cost_micros), 0) AS cost_micros
  FROM timed GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), grain AS (
  SELECT minutes, minutes * interval '1 minute' AS length FROM unnest(%(grains)s::int[]) AS minutes
), kept_latency AS (
  INSERT INTO analytics_latencycount AS kept
    (tenant_id, mode, minutes, starts_at, channel, type, strategy, bucket, count)
  SELECT tenant_id, mode, minutes, date_bin(length, quarter, '1970-01-01Z'), channel, type, strategy, bucket, sum(count)
  FROM cell CROSS JOIN grain WHERE bucket IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ON CONFLICT (tenant_id, mode, minutes, starts_at, channel, type, strategy, bucket)
    DO UPDATE SET count = kept.count + excluded.count
)
INSERT INTO analytics_outcomecount AS kept
  (tenant_id, mode, minutes, starts_at, channel, type, strategy, outcome, currency,
   count, attempts, timed, latency_ms, cost_micros)
SELECT tenant_id, mode, minutes, date_bin(length, quarter, '1970-01-01Z'), channel, type, strategy, outcome, currency,
  sum(count), sum(attempts), sum(timed), sum(latency_ms), sum(cost_micros)
FROM cell CROSS JOIN grain GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ON CONFLICT (tenant_id, mode, minutes, starts_at, channel, type, strategy, outcome, currency) DO UPDATE SET
  count = kept.count + excluded.count, attempts = kept.attempts + excluded.attempts,
  timed = kept.timed + excluded.timed, latency_ms = kept.latency_ms + excluded.latency_ms,
  cost_micros = kept.cost_micros + excluded.cost_micros
"""

# Ids of lines begin with their moment.
_OLDEST = "SELECT date_trunc('hour', at, 'UTC') FROM events_event ORDER BY id LIMIT 1"
_FORGET = """
DELETE FROM {table} WHERE starts_at >= date_bin(minutes * interval '1 minute', %(oldest)s, '1970-01-01Z')
"""
# Of a coarse row in which the log begins, the hours that stay are what is left.
_REST = """
INSERT INTO {table} (tenant_id, mode, minutes, starts_at, channel, type, strategy, {keys}, {sums})
SELECT tenant_id, mode, coarse.minutes, coarse.starts_at, channel, type, strategy, {keys}, {summed}
FROM {table} AS kept CROSS JOIN LATERAL (
  SELECT minutes, date_bin(minutes * interval '1 minute', %(oldest)s, '1970-01-01Z') AS starts_at
  FROM unnest(%(coarse)s::int[]) AS minutes) AS coarse
WHERE kept.minutes = %(hour)s AND kept.starts_at >= coarse.starts_at
GROUP BY tenant_id, mode, coarse.minutes, coarse.starts_at, channel, type, strategy, {keys}
"""
