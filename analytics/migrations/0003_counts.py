"""Counts of quarters, hours and days, live and test apart, with costs and a histogram of latency.

They are made from the log, by a consumer with a cursor of its own that begins where the log does. Hours that the log no
longer has are taken over from the counts of before, which knew no modes, no costs and no quarters. The table of those
stays for now: a version that still counts there may run beside this one.
"""

from django.db import migrations, models

from tenants.migration_ops import TenantTable


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*fields, blank=True, editable=False, primary_key=True, serialize=False)


_SHARED = (
    ("tenant_id", models.UUIDField()),
    ("mode", models.TextField()),
    ("minutes", models.SmallIntegerField()),
    ("starts_at", models.DateTimeField()),
    ("channel", models.TextField()),
    ("type", models.TextField()),
    ("strategy", models.TextField()),
)
_SHARED_NAMES = tuple(name for name, _ in _SHARED)

# Rows of a quarter stand for the whole hour: zones that are half an hour off see those hours half an hour late.
TAKE_OVER = """
INSERT INTO analytics_outcomecount (tenant_id, mode, minutes, starts_at, channel, type, strategy, outcome, currency,
  count, attempts, timed, latency_ms, cost_micros)
SELECT tenant_id, 'live', minutes, date_bin(minutes * interval '1 minute', hour, '2000-01-01Z'), channel, type, strategy,
  outcome, '', sum(count), sum(attempts), sum(timed), sum(latency_ms), 0
FROM analytics_rollup CROSS JOIN unnest('{15,60,1440}'::int[]) AS minutes
WHERE hour < coalesce((SELECT date_trunc('hour', min(at), 'UTC') FROM events_event), 'infinity')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


class Migration(migrations.Migration):
    dependencies = (("analytics", "0002_engagement"), ("events", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="OutcomeCount",
            fields=[
                ("pk", _key(*_SHARED_NAMES, "outcome", "currency")),
                *_SHARED,
                ("outcome", models.TextField()),
                ("currency", models.TextField()),
                ("count", models.BigIntegerField()),
                ("attempts", models.BigIntegerField()),
                ("timed", models.BigIntegerField()),
                ("latency_ms", models.BigIntegerField()),
                ("cost_micros", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="LatencyCount",
            fields=[
                ("pk", _key(*_SHARED_NAMES, "bucket")),
                *_SHARED,
                ("bucket", models.SmallIntegerField()),
                ("count", models.BigIntegerField()),
            ],
        ),
        TenantTable("analytics_outcomecount", app="SELECT"),
        TenantTable("analytics_latencycount", app="SELECT"),
        migrations.RunSQL(TAKE_OVER, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Rollup")]),
    )
