"""A version that some get first: what becomes of it, and of the people who got it."""

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import TenantForeignKey, TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("templates_app", "0001_initial"),
        ("audience", "0001_initial"),
        ("tenants", "0003_idempotency_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="CanaryHarm",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "canary_id",
                        "harm",
                        "recipient_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("canary_id", models.UUIDField()),
                ("harm", models.CharField(max_length=16)),
                ("recipient_id", models.UUIDField()),
                ("tenant_id", models.UUIDField()),
                ("percent", models.PositiveSmallIntegerField()),
                ("canary", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="template",
            name="canary_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="template",
            name="canary_percent",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="Canary",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("template_id", models.UUIDField()),
                ("version_id", models.UUIDField()),
                ("before_id", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("promoted", "Promoted"),
                            ("rolled_back", "Rolled Back"),
                            ("aborted", "Aborted"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField()),
                ("stages", models.JSONField(default=list)),
                ("terms", models.JSONField(default=dict)),
                ("tallies", models.JSONField(default=list)),
                ("deliveries", models.JSONField(default=dict)),
                ("harm", models.CharField(blank=True, max_length=16)),
                ("evidence", models.FloatField(default=0)),
                ("log_xid", models.BigIntegerField()),
                ("log_id", models.UUIDField()),
                ("started_by", models.CharField(max_length=120)),
                ("started_at", models.DateTimeField()),
                ("looked_at", models.DateTimeField()),
                ("ended_by", models.CharField(blank=True, max_length=120)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
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
                "verbose_name_plural": "canaries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "running")), fields=["looked_at"], name="canary_to_look_at"
                    ),
                    models.Index(fields=["ended_at"], name="canary_ended"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("tenant", "template_id"),
                        name="canary_one_running",
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="canary_of_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state", "running")),
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ("promoted", "rolled_back", "aborted"))
                            ),
                            _connector="OR",
                        ),
                        name="canary_ended_has_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__gte", 1), ("percent__lte", 99)), name="canary_percent_is_a_part"
                    ),
                ],
            },
        ),
        TenantTable("templates_app_canary"),
        TenantTable("templates_app_canaryharm"),
        TenantForeignKey("templates_app_template", "canary_id", "templates_app_templateversion", on_delete="NO ACTION"),
        TenantForeignKey("templates_app_canary", "template_id", "templates_app_template"),
        TenantForeignKey("templates_app_canary", "version_id", "templates_app_templateversion"),
        TenantForeignKey("templates_app_canary", "before_id", "templates_app_templateversion"),
        TenantForeignKey("templates_app_canaryharm", "canary_id", "templates_app_canary"),
        TenantForeignKey("templates_app_canaryharm", "recipient_id", "audience_recipient"),
    ]
