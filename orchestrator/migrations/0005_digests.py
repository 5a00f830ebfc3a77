"""Digests: what is gathered for a person and told as one, and the items that wait in them."""

from django.db import migrations, models

from kernel.ids import uuid7
from tenants.migration_ops import TenantForeignKey, TenantTable


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0004_kept_links"), ("audience", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("mode", models.TextField(default="live")),
                ("type", models.TextField()),
                ("name", models.TextField()),
                ("key", models.TextField(default="")),
                ("state", models.TextField(choices=[("open", "Open"), ("closing", "Closing"), ("closed", "Closed")])),
                ("policy", models.JSONField(default=dict)),
                ("priority", models.SmallIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                ("latest_at", models.DateTimeField()),
                ("count", models.IntegerField(default=0)),
                ("leader_id", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(default="")),
                ("notification_id", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["closes_at"],
                        name="digest_timer",
                        condition=models.Q(("state__in", ("open", "closing"))),
                    ),
                    models.Index(
                        fields=["notification_id"],
                        name="digest_of_notification",
                        condition=models.Q(("notification_id__isnull", False)),
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "id"), name="digest_unique_in_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant_id", "recipient_id", "mode", "type", "name", "key"),
                        condition=models.Q(("state", "open")),
                        name="digest_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("open", "closing", "closed"))), name="digest_state_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DigestItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "digest_id",
                        "notification_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("digest_id", models.UUIDField()),
                ("notification_id", models.UUIDField()),
                ("type", models.TextField(default="")),
                ("at", models.DateTimeField()),
                ("data", models.JSONField(default=dict)),
                ("expires_at", models.DateTimeField(null=True)),
                ("left_out", models.TextField(default="")),
                ("sent_as", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["notification_id"], name="digest_item_of_notification"),
                    models.Index(
                        fields=["sent_as"],
                        name="digest_item_sent_as",
                        condition=models.Q(("sent_as__isnull", False)),
                    ),
                ]
            },
        ),
        TenantTable("orchestrator_digest"),
        TenantTable("orchestrator_digestitem"),
        TenantForeignKey("orchestrator_digest", "recipient_id", "audience_recipient"),
        TenantForeignKey("orchestrator_digestitem", "digest_id", "orchestrator_digest"),
    ]
