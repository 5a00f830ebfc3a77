"""Partials and their versions; what was published stays as it is, and templates remember which ones they used."""

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import TenantForeignKey, TenantTable

FROZEN = """
CREATE FUNCTION templates_app_partial_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(NEW) <> to_jsonb(OLD) THEN
    RAISE EXCEPTION 'version % of partial % is published: % refused', OLD.number, OLD.partial_id, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER partial_version_frozen BEFORE UPDATE OR DELETE ON templates_app_partialversion
  FOR EACH ROW WHEN (OLD.number > 0) EXECUTE FUNCTION templates_app_partial_frozen();
"""

THAW = """
DROP TRIGGER partial_version_frozen ON templates_app_partialversion;
DROP FUNCTION templates_app_partial_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("templates_app", "0003_promotional"),
        ("tenants", "0003_idempotency_functions"),
    ]

    operations = [
        migrations.AddField(
            model_name="templateversion",
            name="partials",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name="Partial",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("live_id", models.UUIDField(blank=True, null=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
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
                        fields=("tenant", "key"), name="partial_key_unique_per_tenant", nulls_distinct=False
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="partial_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartialVersion",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("partial_id", models.UUIDField()),
                ("number", models.PositiveIntegerField()),
                ("source", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=500)),
                ("author", models.CharField(max_length=120)),
                ("publisher", models.CharField(blank=True, max_length=120)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
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
                        fields=("tenant", "partial_id", "number"),
                        name="partial_version_number_unique",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="partial_version_of_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", 0), ("published_at", None)),
                            models.Q(("number__gt", 0), ("published_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="partial_version_published_has_moment",
                    ),
                ],
            },
        ),
        TenantTable("templates_app_partial"),
        TenantTable("templates_app_partialversion"),
        TenantForeignKey("templates_app_partialversion", "partial_id", "templates_app_partial"),
        TenantForeignKey("templates_app_partial", "live_id", "templates_app_partialversion", on_delete="NO ACTION"),
        migrations.RunSQL(FROZEN, THAW),
    ]
