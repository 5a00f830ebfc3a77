"""Versions of strategies, a tenant's default one, and experiments with who was exposed to what."""

import django.contrib.postgres.fields
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import AppendOnly, TenantForeignKey, TenantTable

# What is configured already is the version that it says it is.
FIRST_VERSIONS = """
INSERT INTO orchestrator_strategyversion
  (id, tenant_id, key, version, name, kind, configuration, active, actor, created_at)
SELECT id, tenant_id, key, version, name, kind, configuration, active, 'system', updated_at FROM orchestrator_strategy
"""


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0005_digests"), ("audience", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="StrategyVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField()),
                ("key", models.CharField(max_length=100)),
                ("version", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=100)),
                ("configuration", models.JSONField(default=dict)),
                ("active", models.BooleanField()),
                ("actor", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "key", "version"), name="strategy_version_unique_per_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StrategyDefault",
            fields=[
                ("tenant_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("strategy", models.CharField(max_length=100)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Experiment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField()),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=200)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                ("arms", models.JSONField(default=list)),
                ("holdout_percent", models.FloatField(default=0)),
                ("goal", models.CharField(max_length=16)),
                ("salt", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("running", "Running"), ("stopped", "Stopped")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "running")), fields=["tenant_id"], name="experiment_running"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "key"), name="experiment_key_unique_per_tenant"),
                    models.UniqueConstraint(fields=("tenant_id", "id"), name="experiment_same_tenant_target"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("draft", "running", "stopped"))),
                        name="experiment_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "experiment_id",
                        "recipient_id",
                        "notification_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("experiment_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("notification_id", models.UUIDField()),
                ("arm", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(FIRST_VERSIONS, migrations.RunSQL.noop),
        TenantTable("orchestrator_strategyversion", app="SELECT, INSERT", dispatcher="SELECT, INSERT"),
        AppendOnly("orchestrator_strategyversion"),
        TenantTable("orchestrator_strategydefault"),
        TenantTable("orchestrator_experiment"),
        TenantTable("orchestrator_exposure"),
        TenantForeignKey("orchestrator_exposure", "experiment_id", "orchestrator_experiment"),
        TenantForeignKey("orchestrator_exposure", "recipient_id", "audience_recipient"),
        migrations.RunSQL(
            "CREATE INDEX exposure_of_recipient ON orchestrator_exposure (tenant_id, recipient_id)",
            "DROP INDEX exposure_of_recipient",
        ),
    ]
