"""Provider accounts and how they change, under row-level security: a tenant never sees the rows of the platform."""

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import AppendOnly, TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0003_idempotency_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountChange",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(blank=True, null=True)),
                ("account_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=120)),
                ("field", models.CharField(max_length=64)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["account_id", "-id"], name="account_change_story")],
            },
        ),
        migrations.CreateModel(
            name="ProviderAccount",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=64)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("provider", models.CharField(max_length=64)),
                ("channel", models.CharField(max_length=32)),
                ("mode", models.CharField(choices=[("live", "Live"), ("test", "Test")], default="live", max_length=4)),
                ("config", models.JSONField(default=dict)),
                ("secrets", models.BinaryField()),
                ("hook_hash", models.BinaryField()),
                ("hook_token", models.BinaryField()),
                ("enabled", models.BooleanField(default=True)),
                ("weight", models.PositiveSmallIntegerField(default=100)),
                ("share", models.PositiveSmallIntegerField(default=100)),
                ("priority", models.PositiveSmallIntegerField(default=0)),
                ("per_second", models.PositiveIntegerField(blank=True, null=True)),
                ("per_minute", models.PositiveIntegerField(blank=True, null=True)),
                ("per_hour", models.PositiveIntegerField(blank=True, null=True)),
                ("cost_micros", models.PositiveBigIntegerField(default=0)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("region", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "key"), name="provider_account_key_unique_per_tenant", nulls_distinct=False
                    ),
                    models.UniqueConstraint(fields=("hook_hash",), name="provider_account_hook_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ("live", "test"))), name="provider_account_mode_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share__lte", models.F("weight")), ("weight__lte", 1000)),
                        name="provider_account_share_within_weight",
                    ),
                ],
            },
        ),
        TenantTable("channels_app_provideraccount"),
        TenantTable("channels_app_accountchange", app="SELECT, INSERT", dispatcher="SELECT, INSERT"),
        AppendOnly("channels_app_accountchange"),
    ]
