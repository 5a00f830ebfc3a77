"""With which words a delivery is sent: a version of a template, in one of its locales."""

from django.db import migrations, models

WAITING = """
CREATE INDEX delivery_quarantined ON notifications_delivery (template_version_id)
  WHERE state = 'pending' AND wait_reason = 'template_quarantined';
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_delivery_cost")]

    operations = [
        migrations.AddField("notification", "template", models.TextField(default="", db_default="")),
        migrations.AddField("delivery", "template_version_id", models.UUIDField(null=True)),
        migrations.AddField("delivery", "locale", models.TextField(default="", db_default="")),
        migrations.RunSQL(WAITING, "DROP INDEX delivery_quarantined"),
    ]
