"""What tenants say for all their recipients, and what is wanted for one of them for a while."""

from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import TenantForeignKey, TenantTable

# Until now a condition was any object and had no effect; from now on it has a form.
FORGET_CONDITIONS = """
UPDATE preferences_preferences SET document = document - 'conditions' WHERE document ? 'conditions'
"""


class Migration(migrations.Migration):
    dependencies = (("preferences", "0003_consents"), ("tenants", "0001_initial"), ("audience", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="TenantPreferences",
            fields=[
                ("tenant_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("defaults", models.JSONField(blank=True, default=dict)),
                ("forced", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={"verbose_name_plural": "tenant preferences"},
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("recipient_id", models.UUIDField()),
                ("document", models.JSONField(default=dict)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("created_by", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["recipient_id", "until"], name="override_in_force")],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE preferences_tenantpreferences ADD CONSTRAINT tenant_preferences_of_tenant FOREIGN KEY "
            "(tenant_id) REFERENCES tenants_tenant (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE preferences_tenantpreferences DROP CONSTRAINT tenant_preferences_of_tenant",
        ),
        TenantForeignKey("preferences_override", "recipient_id", "audience_recipient"),
        TenantTable("preferences_tenantpreferences"),
        TenantTable("preferences_override"),
        migrations.RunSQL(FORGET_CONDITIONS, migrations.RunSQL.noop),
    )
