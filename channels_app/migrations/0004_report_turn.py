"""Reports in the order in which they are applied: a batch of a long queue is read, not sorted out of all of it."""

from django.db import migrations

CREATE = """
CREATE INDEX report_turn ON channels_app_report (due_at, id) WHERE due_at IS NOT NULL;
DROP INDEX report_due;
"""
UNDO = """
CREATE INDEX report_due ON channels_app_report (due_at) WHERE due_at IS NOT NULL;
DROP INDEX report_turn;
"""


class Migration(migrations.Migration):
    dependencies = (("channels_app", "0003_report_detail"),)
    operations = (migrations.RunSQL(CREATE, UNDO),)
