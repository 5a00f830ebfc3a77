"""Digests that closed long ago are found by when they did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0007_sighting_simhash")]

    operations = [
        migrations.AddIndex(
            "digest",
            models.Index(fields=["closed_at"], name="digest_purge", condition=models.Q(("closed_at__isnull", False))),
        ),
    ]
