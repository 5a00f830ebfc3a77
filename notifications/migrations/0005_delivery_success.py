"""What the strategy of a delivery counts as success."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_type_policy")]

    operations = [migrations.AddField("delivery", "success", models.TextField(default="", db_default=""))]
