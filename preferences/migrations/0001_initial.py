"""One document of wishes per recipient."""

from django.db import migrations, models

from tenants.migration_ops import TenantForeignKey, TenantTable


class Migration(migrations.Migration):
    initial = True
    dependencies = (("tenants", "0001_initial"), ("audience", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="Preferences",
            fields=[
                ("recipient_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("document", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "preferences",
                "indexes": [models.Index(fields=["tenant_id", "recipient_id"], name="preferences_by_tenant")],
            },
        ),
        TenantForeignKey("preferences_preferences", "recipient_id", "audience_recipient"),
        TenantTable("preferences_preferences"),
    )
