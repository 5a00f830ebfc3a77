"""Addresses that nothing is sent to, and the key under which they are hashed."""

from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import PlatformTable, TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("preferences", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressKey",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("single", models.BooleanField(default=True, unique=True)),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(blank=True, null=True)),
                ("channel", models.CharField(max_length=32)),
                ("address_hash", models.BinaryField(max_length=16)),
                ("address_masked", models.CharField(max_length=320)),
                ("scope", models.CharField(blank=True, default="", max_length=120)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("hard_bounce", "hard_bounce"),
                            ("complaint", "complaint"),
                            ("unsubscribe", "unsubscribe"),
                            ("stop", "stop"),
                            ("manual", "manual"),
                        ],
                        max_length=16,
                    ),
                ),
                ("source", models.CharField(max_length=120)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by", models.CharField(blank=True, default="", max_length=120)),
                ("lift_reason", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("lifted_at", None)), fields=["address_hash"], name="suppression_in_force"
                    ),
                    models.Index(fields=["tenant_id", "-id"], name="suppression_list"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("tenant_id", "channel", "address_hash", "scope", "reason"),
                        name="suppression_once_in_force",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["hard_bounce", "complaint", "unsubscribe", "stop", "manual"])
                        ),
                        name="suppression_reason_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", "")),
                            models.Q(("lifted_at__isnull", False), models.Q(("lifted_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="suppression_lifted_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE preferences_suppression ADD CONSTRAINT suppression_of_tenant FOREIGN KEY (tenant_id) "
            "REFERENCES tenants_tenant (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            migrations.RunSQL.noop,
        ),
        TenantTable("preferences_suppression", app="SELECT, INSERT, UPDATE"),
        PlatformTable("preferences_addresskey"),
    ]
