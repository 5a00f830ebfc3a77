"""Counts per hour."""

from django.db import migrations, models

from tenants.migration_ops import TenantTable


class Migration(migrations.Migration):
    initial = True
    dependencies = (("tenants", "0001_initial"),)
    operations = (
        migrations.CreateModel(
            name="Rollup",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "hour",
                        "channel",
                        "type",
                        "strategy",
                        "outcome",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("hour", models.DateTimeField()),
                ("channel", models.TextField()),
                ("type", models.TextField()),
                ("strategy", models.TextField()),
                ("outcome", models.TextField()),
                ("count", models.BigIntegerField()),
                ("attempts", models.BigIntegerField()),
                ("timed", models.BigIntegerField()),
                ("latency_ms", models.BigIntegerField()),
                ("cost_micros", models.BigIntegerField(default=0)),
            ],
            options={"indexes": [models.Index(fields=["hour"], name="rollup_by_hour")]},
        ),
        TenantTable("analytics_rollup", app="SELECT"),
    )
