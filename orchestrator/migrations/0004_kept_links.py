"""Links of text messages, under short names."""

from django.db import migrations, models

from tenants.migration_ops import TenantForeignKey, TenantTable


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0003_decisions"), ("audience", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="KeptLink",
            fields=[
                ("code", models.CharField(max_length=11, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("delivery_id", models.UUIDField()),
                ("number", models.PositiveSmallIntegerField()),
                ("address", models.TextField()),
                ("counts", models.BooleanField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["created_at"], name="kept_link_purge"),
                    models.Index(fields=["tenant_id", "recipient_id"], name="kept_link_recipient"),
                ]
            },
        ),
        TenantTable("orchestrator_keptlink", app="SELECT"),
        TenantForeignKey("orchestrator_keptlink", "recipient_id", "audience_recipient"),
    ]
