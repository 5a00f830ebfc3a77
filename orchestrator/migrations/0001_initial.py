"""Strategies, dead letters, timekeepers."""

import django.contrib.postgres.fields
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import PlatformTable, TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0001_initial"), ("notifications", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Timekeeper",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("wakes_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("notification_id", models.UUIDField()),
                ("channel", models.CharField(max_length=32)),
                ("provider", models.CharField(blank=True, max_length=64)),
                ("reason", models.CharField(max_length=64)),
                ("error", models.JSONField(default=dict)),
                ("attempts", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("replayed", "Replayed"), ("discarded", "Discarded")],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50), blank=True, default=list, size=None
                    ),
                ),
                ("added_at", models.DateTimeField()),
                ("replays", models.PositiveSmallIntegerField(default=0)),
                ("replayed_at", models.DateTimeField(blank=True, null=True)),
                ("discarded_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant_id", "id"], name="dead_letter_list"),
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["tenant_id", "id"], name="dead_letter_open"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("open", "replayed", "discarded"))),
                        name="dead_letter_state_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Strategy",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=100)),
                ("configuration", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "strategies",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "key"), name="strategy_key_unique_per_tenant")
                ],
            },
        ),
        TenantTable("orchestrator_strategy"),
        TenantTable("orchestrator_deadletter"),
        PlatformTable("orchestrator_timekeeper", app="SELECT"),
    ]
