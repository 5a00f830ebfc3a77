"""Six hours and eight days as well: what the hours come to."""

from django.db import migrations

COARSER = """
INSERT INTO {table} (tenant_id, mode, minutes, starts_at, channel, type, strategy, {keys}, {sums})
SELECT tenant_id, mode, grain, date_bin(grain * interval '1 minute', starts_at, '1970-01-01Z'), channel, type, strategy,
  {keys}, {summed}
FROM {table} CROSS JOIN unnest('{{360,11520}}'::int[]) AS grain
WHERE minutes = 60
GROUP BY 1, 2, 3, 4, 5, 6, 7, {keys}
"""


def _coarser(table: str, keys: tuple[str, ...], sums: tuple[str, ...]) -> str:
    summed = ", ".join(f"sum({one})" for one in sums)
    return COARSER.format(table=table, keys=", ".join(keys), sums=", ".join(sums), summed=summed)


class Migration(migrations.Migration):
    dependencies = (("analytics", "0003_counts"),)
    operations = (
        migrations.RunSQL(
            _coarser(
                "analytics_outcomecount",
                ("outcome", "currency"),
                ("count", "attempts", "timed", "latency_ms", "cost_micros"),
            ),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_coarser("analytics_latencycount", ("bucket",), ("count",)), migrations.RunSQL.noop),
    )
