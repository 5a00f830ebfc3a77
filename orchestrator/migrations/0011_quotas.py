"""What operators allow tenants, and how much of it is used."""

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import TenantTable


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0010_claim_functions"), ("tenants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "id",
                    models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("channel", models.CharField(blank=True, max_length=32)),
                ("account", models.CharField(blank=True, max_length=200)),
                ("period", models.CharField(choices=[("day", "Day"), ("month", "Month")], max_length=5)),
                ("allowed", models.BigIntegerField()),
                ("over", models.CharField(choices=[("wait", "Wait"), ("skip", "Skip")], default="wait", max_length=4)),
                ("updated_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "channel", "account", "period"), name="quota_unique_per_tenant"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel", ""), ("account", ""), _connector="OR"),
                        name="quota_counts_one_thing",
                    ),
                    models.CheckConstraint(condition=models.Q(("allowed__gte", 0)), name="quota_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(("period__in", ("day", "month"))), name="quota_period_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("over__in", ("wait", "skip"))), name="quota_over_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuotaUse",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "channel",
                        "account",
                        "period",
                        "starts_on",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("channel", models.CharField(max_length=32)),
                ("account", models.CharField(max_length=200)),
                ("period", models.CharField(max_length=5)),
                ("starts_on", models.DateField()),
                ("used", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["starts_on"], name="quota_use_purge")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("used__gte", 0)), name="quota_use_not_negative")
                ],
            },
        ),
        TenantTable("orchestrator_quota", app="SELECT"),
        TenantTable("orchestrator_quotause", app="SELECT"),
    ]
