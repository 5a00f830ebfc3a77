"""The two roles; tenants, their keys, remembered answers and the audit trail, each under row-level security."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import CREATE_ROLES, AppendOnly, TenantTable


class Migration(migrations.Migration):
    initial = True
    dependencies = ()
    operations = (
        migrations.RunSQL(CREATE_ROLES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.UUIDField(primary_key=True, default=kernel.ids.uuid7, editable=False, serialize=False)),
                ("key", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("timezone", models.CharField(max_length=64, default="UTC")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("key",), name="tenant_key_unique")]},
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, default=kernel.ids.uuid7, editable=False, serialize=False)),
                ("name", models.CharField(max_length=200, blank=True)),
                ("mode", models.CharField(max_length=4, choices=[("live", "Live"), ("test", "Test")])),
                ("public_id", models.CharField(max_length=16)),
                ("secret_hash", models.BinaryField()),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), size=None),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(null=True, blank=True)),
                ("revoked_at", models.DateTimeField(null=True, blank=True)),
                ("last_used_at", models.DateTimeField(null=True, blank=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="api_key_public_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ("live", "test"))), name="api_key_mode_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField()),
                ("status", models.PositiveSmallIntegerField()),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["expires_at"], name="idempotency_expiry")]},
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.UUIDField(primary_key=True, default=kernel.ids.uuid7, editable=False, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=120)),
                ("action", models.CharField(max_length=80)),
                ("object", models.CharField(max_length=200, blank=True)),
                ("detail", models.JSONField(default=dict)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [models.Index(fields=["tenant", "-id"], name="audit_by_tenant")],
            },
        ),
        TenantTable("tenants_tenant", column="id", app="SELECT"),
        TenantTable("tenants_apikey", app="SELECT, INSERT, UPDATE (name, revoked_at)"),
        TenantTable("tenants_idempotencyrecord"),
        TenantTable("tenants_auditentry", app="SELECT, INSERT", dispatcher="SELECT, INSERT"),
        AppendOnly("tenants_auditentry"),
    )
