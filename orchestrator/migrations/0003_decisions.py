"""Decisions: a record per page of recipients of a notification, so that each can be explained and taken again."""

from django.db import migrations, models

from events.partitions import create
from kernel.clock import now
from orchestrator.apps import DECISION
from tenants.migration_ops import AppendOnly, TenantTable

TABLE = """
CREATE TABLE orchestrator_decision (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  recipients integer NOT NULL CHECK (recipients > 0),
  rules integer NOT NULL,
  at timestamptz NOT NULL,
  facts bytea NOT NULL,
  outcome bytea NOT NULL CHECK (octet_length(outcome) = 16)
) PARTITION BY RANGE (id);
CREATE INDEX decision_of_notification ON orchestrator_decision (notification_id);
"""


def first_months(apps: object, schema_editor: object) -> None:
    create(DECISION, at=now())


class Migration(migrations.Migration):
    dependencies = [("orchestrator", "0002_sightings")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE orchestrator_decision")],
            state_operations=[
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("tenant_id", models.UUIDField()),
                        ("notification_id", models.UUIDField()),
                        ("recipients", models.IntegerField()),
                        ("rules", models.IntegerField()),
                        ("at", models.DateTimeField()),
                        ("facts", models.BinaryField()),
                        ("outcome", models.BinaryField(max_length=16)),
                    ],
                    options={"ordering": ("id",)},
                ),
            ],
        ),
        TenantTable("orchestrator_decision", app="SELECT", dispatcher="SELECT, INSERT"),
        AppendOnly("orchestrator_decision"),
        migrations.RunPython(first_months, migrations.RunPython.noop),
    ]
