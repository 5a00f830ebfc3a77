"""Which categories promote something, so that their mail must say how to leave and who sent it."""

import django.contrib.postgres.fields
from django.db import migrations, models

import templates_app.models


class Migration(migrations.Migration):
    dependencies = [
        ("templates_app", "0002_canaries"),
    ]

    operations = [
        migrations.AddField(
            model_name="templatesettings",
            name="promotional",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=100),
                blank=True,
                db_default=["marketing"],
                default=templates_app.models.promotional_default,
                size=None,
            ),
        ),
    ]
