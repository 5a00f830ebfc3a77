"""People, their endpoints, inboxes and lists; every table under row-level security, no reference across tenants."""

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import TenantForeignKey, TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("external_id", models.CharField(db_collation="C", max_length=255)),
                ("locale", models.CharField(blank=True, default="", max_length=35)),
                ("timezone", models.CharField(blank=True, default="", max_length=64)),
                ("attributes", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
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
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="InboxItem",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("notification_id", models.UUIDField()),
                ("title", models.TextField()),
                ("body", models.TextField()),
                ("url", models.TextField(blank=True, default="")),
                ("icon", models.TextField(blank=True, default="")),
                ("actions", models.JSONField(blank=True, default=list)),
                ("category", models.CharField(blank=True, default="", max_length=100)),
                ("created_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inbox",
                        to="audience.recipient",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=32)),
                ("kind", models.CharField(blank=True, default="", max_length=32)),
                ("address", models.TextField()),
                ("label", models.CharField(blank=True, default="", max_length=100)),
                ("extra", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("disabled_reason", models.CharField(blank=True, default="", max_length=64)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="endpoints",
                        to="audience.recipient",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField()),
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
                "ordering": ("key",),
            },
        ),
        migrations.CreateModel(
            name="SegmentMember",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "segment_id",
                        "recipient_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("added_at", models.DateTimeField()),
                (
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="audience.recipient",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="audience.segment",
                    ),
                ),
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
        ),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.UniqueConstraint(
                fields=("tenant", "external_id"), name="recipient_external_id_unique_per_tenant"
            ),
        ),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="recipient_same_tenant_target"),
        ),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                models.F("tenant"),
                models.F("recipient"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="inbox_newest_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboxitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("read_at__isnull", True), ("seen_at__isnull", False), _connector="OR"),
                name="inbox_item_read_is_seen",
            ),
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(fields=["recipient"], name="endpoint_of_recipient"),
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(fields=["tenant", "channel", "address"], name="endpoint_by_address"),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(
                fields=("tenant", "recipient", "channel", "address"), name="endpoint_unique_per_recipient"
            ),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="segment_key_unique_per_tenant"),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="segment_same_tenant_target"),
        ),
        migrations.AddIndex(
            model_name="segmentmember",
            index=models.Index(fields=["tenant", "recipient"], name="segments_of_recipient"),
        ),
        TenantForeignKey("audience_endpoint", "recipient_id", "audience_recipient"),
        TenantForeignKey("audience_inboxitem", "recipient_id", "audience_recipient"),
        TenantForeignKey("audience_segmentmember", "recipient_id", "audience_recipient"),
        TenantForeignKey("audience_segmentmember", "segment_id", "audience_segment"),
        TenantTable("audience_recipient"),
        TenantTable("audience_endpoint"),
        TenantTable("audience_inboxitem"),
        TenantTable("audience_segment"),
        TenantTable("audience_segmentmember"),
    ]
