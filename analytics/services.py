"""Keep the rollups, and make them anew from the log."""

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Min
from django.db.models.functions import TruncHour

from analytics.models import Rollup
from analytics.values import Cell, Figures
from events.consumers import rewind
from events.models import Event

CONSUMER = "analytics.rollups"


def add(figures: Mapping[Cell, Figures]) -> None:
    """Add counts to the rollups in one statement, in the caller's transaction."""
    if not figures:
        return
    ordered = sorted(figures.items())
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            (
                [cell.tenant_id for cell, _ in ordered],
                [cell.hour for cell, _ in ordered],
                [cell.channel for cell, _ in ordered],
                [cell.type for cell, _ in ordered],
                [cell.strategy for cell, _ in ordered],
                [cell.outcome for cell, _ in ordered],
                [found.count for _, found in ordered],
                [found.attempts for _, found in ordered],
                [found.timed for _, found in ordered],
                [found.latency_ms for _, found in ordered],
            ),
        )


def start_over() -> int:
    """Forget the rollups that the log can make again and read it from its beginning; returns how many were forgotten.

    Hours older than the oldest line that is kept stay: nothing could make them again. Needs to see all tenants.
    """
    with transaction.atomic():
        rewind(CONSUMER)  # first: it waits for a reader at work, and the next one finds the cursor locked
        oldest = Event.objects.aggregate(oldest=TruncHour(Min("at")))["oldest"]
        rows = Rollup.objects.all() if oldest is None else Rollup.objects.filter(hour__gte=oldest)
        return 0 if oldest is None else rows.delete()[0]


_ADD = """
INSERT INTO analytics_rollup AS kept
  (tenant_id, hour, channel, type, strategy, outcome, count, attempts, timed, latency_ms, cost_micros)
SELECT new.*, 0 FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS new
ON CONFLICT (tenant_id, hour, channel, type, strategy, outcome) DO UPDATE SET
  count = kept.count + excluded.count, attempts = kept.attempts + excluded.attempts,
  timed = kept.timed + excluded.timed, latency_ms = kept.latency_ms + excluded.latency_ms
"""
