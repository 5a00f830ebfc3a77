"""What waits for a worker now, how long already, and what nobody gets on with: looked up when metrics are asked for."""

from typing import Any

from django.db import connection

from kernel.gauges import Reading, gauge_source
from notifications.values import PRIORITY_NAME
from orchestrator.models import DeadLetter
from orchestrator.pipeline import SEND_LANES

MOST = 100_000  # rows looked at per lane: a backlog beyond it is told as this many

# What is due at once has no due time of its own; it waits since it was made.
_WAITING = """
SELECT stage, lane, count(waits_since),
  coalesce(extract(epoch FROM greatest(now() - min(waits_since), interval '0')), 0)::float8
FROM (VALUES {values}) AS lanes (stage, lane) LEFT JOIN LATERAL (
  (SELECT greatest(due_at, created_at) AS waits_since FROM notifications_delivery
   WHERE stage = 'send' AND state = 'pending' AND notifications_delivery.lane = lanes.lane AND due_at <= now()
   LIMIT {most})
  UNION ALL
  (SELECT greatest(due_at, created_at) FROM notifications_notification
   WHERE stage = 'plan' AND due_at IS NOT NULL AND priority = lanes.lane AND due_at <= now() LIMIT {most})
) AS waiting ON true GROUP BY stage, lane
"""
_NAMES = {
    **{("plan", number): f"plan.{name}" for number, name in PRIORITY_NAME.items()},
    **{("send", number): name for number, name in SEND_LANES.items()},
}
_STATEMENT = _WAITING.format(values=", ".join(f"('{stage}', {lane})" for stage, lane in _NAMES), most=MOST)


@gauge_source("carillon_queue_depth", meaning="Rows that are due and wait for a worker, by lane.", labels=("queue",))
def _depths() -> list[Reading]:
    return [((_NAMES[stage, lane],), float(count)) for stage, lane, count, _ in _waiting()]


@gauge_source(
    "carillon_queue_oldest_age_seconds",
    meaning="How long the oldest row that is due has waited for a worker, by lane; 0 when none waits.",
    labels=("queue",),
)
def _ages() -> list[Reading]:
    return [((_NAMES[stage, lane],), seconds) for stage, lane, _, seconds in _waiting()]


@gauge_source("carillon_dlq_size", meaning="Dead letters that nobody has replayed or discarded.")
def _dead_letters() -> list[Reading]:
    return [((), float(DeadLetter.objects.filter(state=DeadLetter.State.OPEN).count()))]


def _waiting() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
