"""Attempts are written twice, soon after one another: half of a page is left for the second time."""

from django.db import connection, migrations

from events.partitions import existing_partitions


def leave_room(apps: object, schema_editor: object) -> None:
    _fill("SET (fillfactor = 50)")


def leave_none(apps: object, schema_editor: object) -> None:
    _fill("RESET (fillfactor)")


def _fill(how: str) -> None:
    with connection.cursor() as cursor:
        for partition in existing_partitions("notifications_attempt"):
            cursor.execute(f"ALTER TABLE {partition} {how}")


class Migration(migrations.Migration):
    dependencies = (("notifications", "0005_delivery_success"),)
    operations = (migrations.RunPython(leave_room, leave_none),)
