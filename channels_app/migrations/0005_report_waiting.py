"""Reports by the message they speak of, found among a long queue: by an index that the look-up of no other can use.

A worker that has sent looks for reports that came early. The former index said `due_at IS NOT NULL` like the one of
their turn, which the planner preferred on old statistics, and read the whole queue.
"""

from django.db import migrations

CREATE = """
CREATE INDEX report_waiting ON channels_app_report (provider_message_id)
  WHERE outcome = '' AND provider_message_id <> '';
DROP INDEX report_parked;
"""
UNDO = """
CREATE INDEX report_parked ON channels_app_report (provider_message_id)
  WHERE due_at IS NOT NULL AND provider_message_id <> '';
DROP INDEX report_waiting;
"""


class Migration(migrations.Migration):
    dependencies = (("channels_app", "0004_report_turn"),)
    operations = (migrations.RunSQL(CREATE, UNDO),)
