"""The log (partitioned by month of its ids) and the cursors of its readers."""

from django.db import migrations, models

from events.apps import EVENT
from events.partitions import create
from kernel.clock import now
from kernel.ids import uuid7
from tenants.migration_ops import PlatformTable, TenantTable

EVENT_SQL = """
CREATE TABLE events_event (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind ~ '^[a-z_]+(\\.[a-z_]+)+$'),
  at timestamptz NOT NULL,
  notification_id uuid,
  delivery_id uuid,
  reason text NOT NULL DEFAULT '',
  detail jsonb NOT NULL DEFAULT '{}',
  actor text NOT NULL DEFAULT '',
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
) PARTITION BY RANGE (id);
CREATE INDEX event_in_commit_order ON events_event (xid, id);
CREATE INDEX event_of_notification ON events_event (notification_id, id) WHERE notification_id IS NOT NULL;
CREATE INDEX event_of_delivery ON events_event (delivery_id, id) WHERE delivery_id IS NOT NULL;
"""


def first_months(apps: object, schema_editor: object) -> None:
    create(EVENT, at=now())


class Migration(migrations.Migration):
    initial = True
    dependencies = (("tenants", "0001_initial"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENT_SQL, "DROP TABLE events_event")],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, default=uuid7, editable=False, serialize=False)),
                        ("tenant_id", models.UUIDField()),
                        ("kind", models.TextField()),
                        ("at", models.DateTimeField()),
                        ("notification_id", models.UUIDField(null=True)),
                        ("delivery_id", models.UUIDField(null=True)),
                        ("reason", models.TextField(default="")),
                        ("detail", models.JSONField(default=dict)),
                        ("actor", models.TextField(default="")),
                    ],
                    options={"ordering": ("id",)},
                )
            ],
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("consumer", models.TextField(primary_key=True, serialize=False)),
                ("xid", models.BigIntegerField(default=0)),
                ("event_id", models.UUIDField(null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        TenantTable("events_event", app="SELECT, INSERT"),
        PlatformTable("events_cursor"),
        migrations.RunPython(first_months, migrations.RunPython.noop),
    )
