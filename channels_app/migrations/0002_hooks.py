"""What providers told us: their calls, the reports in them, and what was seen before."""

from django.db import migrations, models

import kernel.ids
from channels_app.hooks.models import HOOK_CALL, REPORT
from events.partitions import create
from kernel.clock import now
from tenants.migration_ops import AppendOnly, PlatformTable, TenantTable

TABLES = """
CREATE TABLE channels_app_hookcall (
  id uuid PRIMARY KEY,
  tenant_id uuid,
  account text NOT NULL,
  provider text NOT NULL,
  channel text NOT NULL,
  understood boolean NOT NULL,
  trouble text NOT NULL,
  said integer NOT NULL,
  size_bytes integer NOT NULL,
  sealed bytea NOT NULL
) PARTITION BY RANGE (id);

CREATE TABLE channels_app_report (
  id uuid PRIMARY KEY,
  tenant_id uuid,
  call_id uuid NOT NULL,
  account text NOT NULL,
  account_id uuid,
  provider text NOT NULL,
  channel text NOT NULL,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  delivery_id uuid,
  provider_message_id text NOT NULL,
  code text NOT NULL,
  permanent boolean NOT NULL,
  private bytea,
  received_at timestamptz NOT NULL,
  due_at timestamptz,
  tries smallint NOT NULL DEFAULT 0,
  outcome text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'applied', 'given_up')),
  reason text NOT NULL DEFAULT '',
  ended_at timestamptz,
  CONSTRAINT report_due_while_open CHECK ((due_at IS NOT NULL) = (outcome = '')),
  CONSTRAINT report_ended_has_moment CHECK ((ended_at IS NOT NULL) = (outcome <> '')),
  CONSTRAINT report_no_has_reason CHECK (outcome <> 'given_up' OR reason <> '')
) PARTITION BY RANGE (id);
CREATE INDEX report_due ON channels_app_report (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX report_parked ON channels_app_report (provider_message_id)
  WHERE due_at IS NOT NULL AND provider_message_id <> '';
"""


def first_months(apps: object, schema_editor: object) -> None:
    at = now()
    for table in (HOOK_CALL, REPORT):
        create(table, at=at)


class Migration(migrations.Migration):
    dependencies = (("channels_app", "0001_initial"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES, "DROP TABLE channels_app_report, channels_app_hookcall")],
            state_operations=[
                migrations.CreateModel(
                    name="HookCall",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("tenant_id", models.UUIDField(null=True)),
                        ("account", models.TextField()),
                        ("provider", models.TextField()),
                        ("channel", models.TextField()),
                        ("understood", models.BooleanField(default=True)),
                        ("trouble", models.TextField(default="")),
                        ("said", models.IntegerField(default=0)),
                        ("size_bytes", models.IntegerField()),
                        ("sealed", models.BinaryField()),
                    ],
                    options={"ordering": ("-id",)},
                ),
                migrations.CreateModel(
                    name="Report",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("tenant_id", models.UUIDField(null=True)),
                        ("call_id", models.UUIDField()),
                        ("account", models.TextField()),
                        ("account_id", models.UUIDField(null=True)),
                        ("provider", models.TextField()),
                        ("channel", models.TextField()),
                        ("kind", models.TextField()),
                        ("at", models.DateTimeField()),
                        ("delivery_id", models.UUIDField(null=True)),
                        ("provider_message_id", models.TextField(default="")),
                        ("code", models.TextField(default="")),
                        ("permanent", models.BooleanField(default=False)),
                        ("private", models.BinaryField(null=True)),
                        ("received_at", models.DateTimeField()),
                        ("due_at", models.DateTimeField(null=True)),
                        ("tries", models.SmallIntegerField(default=0)),
                        (
                            "outcome",
                            models.TextField(
                                choices=[("", "waiting"), ("applied", "Applied"), ("given_up", "given up")],
                                default="",
                            ),
                        ),
                        ("reason", models.TextField(default="")),
                        ("ended_at", models.DateTimeField(null=True)),
                    ],
                    options={"ordering": ("-id",)},
                ),
            ],
        ),
        migrations.CreateModel(
            name="Seen",
            fields=[
                ("digest", models.BinaryField(max_length=20, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["until"], name="seen_purge")]},
        ),
        TenantTable("channels_app_hookcall", app="SELECT", dispatcher="SELECT, INSERT"),
        AppendOnly("channels_app_hookcall"),
        TenantTable("channels_app_report", app="SELECT", dispatcher="SELECT, INSERT, UPDATE"),
        PlatformTable("channels_app_seen"),
        migrations.RunPython(first_months, migrations.RunPython.noop),
    )
