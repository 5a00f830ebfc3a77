"""A long history: one campaign that Carillon sent, multiplied by the database itself over the days before.

Ids are made as Carillon makes them: those of deliveries begin with the millisecond of their notification. Everything
is what it would be after as many campaigns, except that only every tenth one has its lines in the log.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from analytics.rules.rollups import GRAINS
from config.bench.seeding import AT_ONCE

DAYS = 20  # over which the campaigns lie; their partitions are there
LOGGED = 10  # every so many campaigns have lines in the log
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' AND column_name <> 'xid'
ORDER BY ordinal_position
"""
_HEX = "lpad(to_hex((extract(epoch FROM copy.at) * 1000)::bigint), 12, '0')"
_MOMENT = f"substr({_HEX}, 1, 8) || '-' || substr({_HEX}, 9, 4)"
_NOTIFICATION = f"({_MOMENT} || '-7000-8000-' || lpad(to_hex(copy.number), 12, '0'))::uuid"
_DELIVERY = f"({_MOMENT} || '-7001-8000-' || lpad(to_hex(place.number), 12, '0'))::uuid"
_NEW = f"overlay(gen_random_uuid()::text PLACING {_MOMENT} || '-7' FROM 1)::uuid"
_COPIES = (
    f"(SELECT number, %(now)s::timestamptz - (%(count)s - number + 1) * interval '{DAYS} days' / (%(count)s + 1) AS at "
    "FROM generate_series(%(first)s::int, %(last)s::int) AS number) AS copy"
)
_PLACES = """(SELECT id, row_number() OVER (ORDER BY id) AS number FROM notifications_delivery
WHERE notification_id = %(id)s) AS place"""

_TABLES: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "notifications_notification",
        f"FROM notifications_notification AS old, {_COPIES} WHERE old.id = %(id)s",
        {"id": _NOTIFICATION, "created_at": "copy.at"},
    ),
    (
        "notifications_delivery",
        f"FROM notifications_delivery AS old JOIN {_PLACES} ON place.id = old.id, {_COPIES}",
        {
            "id": _DELIVERY,
            "notification_id": _NOTIFICATION,
            "created_at": "copy.at",
            "sent_at": "copy.at",
            "provider_message_id": "old.provider_message_id || '-' || copy.number",
        },
    ),
    (
        "audience_inboxitem",
        f"FROM audience_inboxitem AS old, {_COPIES} WHERE old.notification_id = %(id)s",
        {"id": _NEW, "notification_id": _NOTIFICATION, "created_at": "copy.at"},
    ),
    (
        "events_event",
        f"FROM events_event AS old LEFT JOIN {_PLACES} ON place.id = old.delivery_id, {_COPIES} "
        f"WHERE old.notification_id = %(id)s AND copy.number %% {LOGGED} = 0",
        {
            "id": _NEW,
            "notification_id": _NOTIFICATION,
            "at": "copy.at",
            "delivery_id": f"CASE WHEN old.delivery_id IS NOT NULL THEN {_DELIVERY} END",
        },
    ),
)
_ROLLUPS = """
INSERT INTO analytics_outcomecount (tenant_id, mode, minutes, starts_at, channel, type, strategy, outcome, currency,
  count, attempts, timed, latency_ms, cost_micros)
SELECT tenant_id, 'live', minutes, date_bin(minutes * interval '1 minute', quarter, '1970-01-01Z'), channel, type, '',
  outcome, '', 1000 * count(*), 1000 * count(*), 1000 * count(*), 10000 * count(*), 0
FROM (SELECT tenant_id FROM notifications_notification WHERE id = %s) AS tenant,
  generate_series(date_trunc('hour', now() - %s * interval '1 day'), now(), interval '15 minutes') AS quarter,
  unnest(%s::int[]) AS minutes,
  unnest(ARRAY['email', 'sms', 'in_app']) AS channel, unnest(ARRAY['order', 'alert', 'news', '']) AS type,
  unnest(ARRAY['sent', 'delivered', 'failed']) AS outcome
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ON CONFLICT DO NOTHING
"""
_LOGGED_IDS = "SELECT DISTINCT notification_id FROM events_event WHERE notification_id IS NOT NULL"

Ledger = psycopg.Connection[tuple[Any, ...]]


def multiplied(ledger: Ledger, notification: UUID, *, people: int, campaigns: int) -> None:
    """`campaigns` more like the one that was sent to `people`, oldest first, and fresh statistics."""
    at_once, now = max(AT_ONCE // people, 1), datetime.now(UTC)
    for table, source, changed in _TABLES:
        names = [name for (name,) in ledger.execute(_COLUMNS, (table,))]
        values = ", ".join(changed.get(name, f"old.{name}") for name in names)
        statement = f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} {source}"
        for first in range(1, campaigns + 1, at_once):
            last = min(first + at_once - 1, campaigns)
            ledger.execute(
                statement, {"id": notification, "first": first, "last": last, "count": campaigns, "now": now}
            )


def counted_by_the_hour(ledger: Ledger, notification: UUID, *, days: int) -> None:
    """Rollups of so many days, each grain with every channel, type and outcome: as many rows as can be."""
    ledger.execute(_ROLLUPS, (notification, days, list(GRAINS)))


def logged(ledger: Ledger) -> list[UUID]:
    """Notifications whose timeline can be read."""
    return [id for (id,) in ledger.execute(_LOGGED_IDS)]
