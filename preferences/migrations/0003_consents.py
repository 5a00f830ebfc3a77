"""What people agreed to, word by word; what tenants demand consent for; links to the preference centre."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import AppendOnly, TenantForeignKey, TenantTable


def of_tenant(table: str, *, on_delete: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_of_tenant FOREIGN KEY (tenant_id) REFERENCES tenants_tenant (id) "
        f"ON DELETE {on_delete} DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_tenant",
    )


class Migration(migrations.Migration):
    dependencies = (("preferences", "0002_suppressions"), ("tenants", "0001_initial"), ("audience", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("purpose", models.CharField(max_length=100)),
                ("channel", models.CharField(max_length=32)),
                ("state", models.CharField(choices=[("given", "Given"), ("withdrawn", "Withdrawn")], max_length=9)),
                ("text_version", models.CharField(blank=True, max_length=100)),
                ("source", models.CharField(max_length=64)),
                ("actor", models.CharField(max_length=120)),
                (
                    "address_hashes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BinaryField(max_length=16), default=list, size=None
                    ),
                ),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        fields=["recipient_id", "purpose", "channel", "-at", "state"], name="consent_newest_word"
                    ),
                    models.Index(fields=["tenant_id", "-id"], name="consent_list"),
                    django.contrib.postgres.indexes.GinIndex(fields=["address_hashes"], name="consent_by_address"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("given", "withdrawn"))), name="consent_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("purpose", ""), _negated=True), models.Q(("channel", ""), _negated=True)
                        ),
                        name="consent_about_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentProof",
            fields=[
                ("consent_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("document", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="ConsentRequirements",
            fields=[
                ("tenant_id", models.UUIDField(primary_key=True, serialize=False)),
                ("document", models.JSONField(default=list)),
                ("updated_at", models.DateTimeField()),
            ],
            options={"verbose_name_plural": "consent requirements"},
        ),
        migrations.CreateModel(
            name="ConsentPurpose",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "purpose", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("purpose", models.CharField(max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name="CentreCutoff",
            fields=[
                ("recipient_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("before", models.DateTimeField()),
            ],
        ),
        of_tenant("preferences_consent", on_delete="NO ACTION"),
        of_tenant("preferences_consentrequirements", on_delete="CASCADE"),
        of_tenant("preferences_consentpurpose", on_delete="CASCADE"),
        TenantForeignKey("preferences_consentproof", "recipient_id", "audience_recipient"),
        TenantForeignKey("preferences_centrecutoff", "recipient_id", "audience_recipient"),
        migrations.RunSQL(
            "CREATE INDEX consent_proof_of_recipient ON preferences_consentproof (tenant_id, recipient_id)",
            migrations.RunSQL.noop,
        ),
        TenantTable("preferences_consent", app="SELECT, INSERT", dispatcher="SELECT, INSERT"),
        TenantTable("preferences_consentproof", app="SELECT, INSERT", dispatcher="SELECT, INSERT"),
        TenantTable("preferences_consentrequirements", app="SELECT, INSERT, UPDATE"),
        TenantTable("preferences_consentpurpose", app="SELECT, INSERT"),
        TenantTable("preferences_centrecutoff", app="SELECT, INSERT, UPDATE"),
        AppendOnly("preferences_consent"),
    )
