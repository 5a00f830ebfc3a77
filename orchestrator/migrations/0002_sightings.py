"""Sightings: what each person was told, so that nobody is told twice."""

from django.db import migrations, models

from tenants.migration_ops import TenantForeignKey, TenantTable


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0001_initial"), ("audience", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "recipient_id",
                        "digest",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("digest", models.BinaryField(max_length=16)),
                ("notification_id", models.UUIDField()),
                ("seen_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["until"], name="sighting_purge")]},
        ),
        TenantTable("orchestrator_sighting"),
        TenantForeignKey("orchestrator_sighting", "recipient_id", "audience_recipient"),
    ]
