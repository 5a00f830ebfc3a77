"""What we saw ourselves of a message, beside what its provider tells."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("channels_app", "0002_hooks"),)
    operations = (migrations.AddField("report", "detail", models.JSONField(default=dict, db_default={})),)
