"""What a delivery cost."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.AddField("delivery", "cost_micros", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("delivery", "currency", models.TextField(default="", db_default="")),
    ]
