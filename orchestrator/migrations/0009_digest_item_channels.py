"""Items of digests know on which channels they were gathered."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0008_digest_purge")]

    operations = [
        migrations.AddField("digestitem", "channels", ArrayField(models.TextField(), default=list, db_default=[])),
    ]
