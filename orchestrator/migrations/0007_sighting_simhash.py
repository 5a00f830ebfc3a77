"""Sightings that are found again by what is nearly the same."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0006_versions_and_experiments")]

    operations = [
        migrations.AddField("sighting", "scope", models.BigIntegerField(null=True)),
        migrations.AddField("sighting", "simhash", models.BigIntegerField(null=True)),
    ]
