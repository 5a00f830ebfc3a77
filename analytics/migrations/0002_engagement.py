"""What is learned of people's engagement."""

from django.db import migrations, models

from tenants.migration_ops import TenantForeignKey, TenantTable


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*fields, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = (("analytics", "0001_initial"), ("audience", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="Try",
            fields=[
                ("pk", _key("tenant_id", "delivery_id")),
                ("tenant_id", models.UUIDField()),
                ("delivery_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("channel", models.TextField()),
                ("segment", models.TextField()),
                ("hour", models.SmallIntegerField()),
                ("sent_at", models.DateTimeField()),
                ("engaged", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name_plural": "tries",
                "indexes": [
                    models.Index(fields=["sent_at"], name="try_purge"),
                    models.Index(fields=["tenant_id", "recipient_id"], name="try_of_recipient"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EngagementProfile",
            fields=[
                ("pk", _key("tenant_id", "recipient_id")),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("as_of", models.DateTimeField()),
                ("channels", models.JSONField(default=dict)),
                ("parts", models.JSONField(default=dict)),
                ("segment", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="EngagementTally",
            fields=[
                ("pk", _key("tenant_id", "segment", "channel", "hour")),
                ("tenant_id", models.UUIDField()),
                ("segment", models.TextField()),
                ("channel", models.TextField()),
                ("hour", models.SmallIntegerField()),
                ("as_of", models.DateTimeField()),
                ("tries", models.FloatField()),
                ("successes", models.FloatField()),
            ],
        ),
        TenantTable("analytics_try", app="SELECT, DELETE"),
        TenantTable("analytics_engagementprofile", app="SELECT, DELETE"),
        TenantTable("analytics_engagementtally", app="SELECT"),
        TenantForeignKey("analytics_try", "recipient_id", "audience_recipient"),
        TenantForeignKey("analytics_engagementprofile", "recipient_id", "audience_recipient"),
    )
