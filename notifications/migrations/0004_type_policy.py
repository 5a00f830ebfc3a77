"""What a type asks of the decisions about its messages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_template_words")]
    operations = [
        migrations.AddField("notificationtype", "policy", models.JSONField(default=dict, blank=True, db_default={})),
    ]
