"""The ledger: types, notifications, deliveries with their guard, attempts and tallies."""

import django.contrib.postgres.fields
from django.db import migrations, models

import kernel.ids
import notifications.fields
from events.partitions import create
from kernel.clock import now
from notifications.apps import ATTEMPT, DELIVERY, NOTIFICATION
from tenants.migration_ops import TenantTable

TABLES = """
CREATE TABLE notifications_notification (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  mode text NOT NULL CHECK (mode IN ('live', 'test')),
  type text NOT NULL,
  category text NOT NULL,
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  strategy text NOT NULL,
  channels text[] NOT NULL,
  content jsonb NOT NULL,
  data jsonb NOT NULL,
  recipients jsonb NOT NULL,
  segment_id uuid,
  recipient_count integer NOT NULL CHECK (recipient_count >= 0),
  status text NOT NULL CHECK (status IN ('pending', 'scheduled', 'queued', 'processing', 'completed', 'failed',
                                         'cancelled', 'expired')),
  reason text NOT NULL,
  unknown_policy text NOT NULL CHECK (unknown_policy IN ('at_least_once', 'at_most_once')),
  scheduled_at timestamptz,
  scheduled_local text NOT NULL,
  recurrence text NOT NULL,
  expires_at timestamptz,
  cancellation_key text NOT NULL,
  correlation_id text NOT NULL,
  idempotency_key text NOT NULL,
  dedup jsonb NOT NULL,
  tags text[] NOT NULL,
  metadata jsonb NOT NULL,
  traceparent text NOT NULL,
  actor text NOT NULL,
  created_at timestamptz NOT NULL,
  due_at timestamptz,
  lease_until timestamptz,
  lease_epoch integer NOT NULL DEFAULT 0,
  crashes smallint NOT NULL DEFAULT 0,
  plan_position text NOT NULL DEFAULT '',
  planned_count integer NOT NULL DEFAULT 0,
  planned_at timestamptz,
  first_sent_at timestamptz,
  finished_at timestamptz,
  CHECK (lease_until IS NULL OR due_at IS NOT NULL),
  CHECK ((finished_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled', 'expired')))
) PARTITION BY RANGE (id);
CREATE INDEX notification_list ON notifications_notification (tenant_id, id);
CREATE INDEX notification_to_plan ON notifications_notification (priority, tenant_id, due_at)
  WHERE due_at IS NOT NULL;
CREATE INDEX notification_timer ON notifications_notification (priority, due_at)
  WHERE due_at IS NOT NULL AND due_at > '-infinity';
CREATE INDEX notification_open ON notifications_notification (id) WHERE status = 'processing';
CREATE INDEX notification_leased ON notifications_notification (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX notification_cancellation ON notifications_notification (tenant_id, cancellation_key)
  WHERE cancellation_key <> '';
CREATE INDEX notification_correlation ON notifications_notification (tenant_id, correlation_id)
  WHERE correlation_id <> '';

CREATE TABLE notifications_delivery (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  recipient_id uuid NOT NULL,
  endpoint_id uuid,
  channel text NOT NULL,
  step smallint NOT NULL CHECK (step >= 0),
  last_step smallint NOT NULL,
  mode text NOT NULL CHECK (mode IN ('live', 'test')),
  state text NOT NULL CHECK (state IN ('pending', 'claimed', 'sending', 'unknown', 'sent', 'delivered', 'bounced',
                                       'failed', 'dead', 'cancelled', 'expired', 'skipped')),
  reason text NOT NULL,
  wait_reason text NOT NULL DEFAULT '',
  lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 5),
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  due_at timestamptz,
  expires_at timestamptz,
  lease_epoch integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  attempts_before smallint NOT NULL DEFAULT 0,
  crashes smallint NOT NULL DEFAULT 0,
  unknown_policy text NOT NULL,
  fallback_seconds integer NOT NULL DEFAULT 60,
  data jsonb,
  succeeded boolean NOT NULL DEFAULT false,
  provider text NOT NULL DEFAULT '',
  provider_message_id text NOT NULL DEFAULT '',
  error jsonb,
  tallied boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  delivered_at timestamptz,
  failed_at timestamptz,
  CONSTRAINT delivery_step_in_range CHECK (step <= last_step),
  CONSTRAINT delivery_lease_while_worked_on CHECK ((state IN ('claimed', 'sending')) = (lease_until IS NOT NULL)),
  CONSTRAINT delivery_due_while_waiting CHECK ((state IN ('pending', 'unknown')) = (due_at IS NOT NULL)),
  CONSTRAINT delivery_sent_has_message_id CHECK (state NOT IN ('sent', 'delivered') OR provider_message_id <> ''),
  CONSTRAINT delivery_no_has_reason
    CHECK (state NOT IN ('skipped', 'failed', 'dead', 'expired', 'cancelled', 'unknown') OR reason <> '')
) PARTITION BY RANGE (id);
CREATE INDEX delivery_to_send ON notifications_delivery (lane, tenant_id, due_at) WHERE state = 'pending';
CREATE INDEX delivery_timer ON notifications_delivery (lane, due_at) WHERE state = 'pending' AND due_at > '-infinity';
CREATE INDEX delivery_held ON notifications_delivery (due_at) WHERE state = 'unknown';
CREATE INDEX delivery_leased ON notifications_delivery (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX delivery_of_notification ON notifications_delivery (notification_id, recipient_id);
CREATE INDEX delivery_of_recipient ON notifications_delivery (recipient_id, id);
CREATE INDEX delivery_list ON notifications_delivery (tenant_id, id);
CREATE INDEX delivery_by_provider_message ON notifications_delivery (provider_message_id)
  WHERE provider_message_id <> '';

CREATE TABLE notifications_attempt (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number smallint NOT NULL CHECK (number > 0),
  lease_epoch integer NOT NULL,
  provider text NOT NULL,
  account text NOT NULL DEFAULT '',
  begun_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'sent', 'retry', 'refused', 'unknown')),
  code text NOT NULL DEFAULT '',
  detail text NOT NULL DEFAULT '',
  provider_message_id text NOT NULL DEFAULT '',
  CHECK ((outcome = '') = (ended_at IS NULL))
) PARTITION BY RANGE (id);
CREATE INDEX attempt_of_delivery ON notifications_attempt (delivery_id, number);

CREATE TABLE notifications_tally (
  notification_id uuid NOT NULL,
  state text NOT NULL,
  shard smallint NOT NULL,
  tenant_id uuid NOT NULL,
  count integer NOT NULL,
  PRIMARY KEY (notification_id, state, shard)
) WITH (fillfactor = 50);
"""

# The 31 legal moves of a delivery, as `was>becomes`; `notifications.rules.states.LEGAL` says the same (tested).
GUARDS = """
CREATE FUNCTION notifications_delivery_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO notifications_tally AS tally (notification_id, state, shard, tenant_id, count)
  SELECT notification_id, state, pg_backend_pid() % 16, tenant_id, count(*)
  FROM new_rows WHERE tallied
  GROUP BY notification_id, state, tenant_id ORDER BY notification_id, state
  ON CONFLICT (notification_id, state, shard) DO UPDATE SET count = tally.count + excluded.count;
  RETURN NULL;
END $$;

CREATE FUNCTION notifications_delivery_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wrong record;
BEGIN
  SELECT old_row.id, old_row.state AS was, new_row.state AS becomes INTO wrong
  FROM old_rows old_row FULL JOIN new_rows new_row USING (id)
  WHERE old_row.id IS NULL OR new_row.id IS NULL OR old_row.tenant_id <> new_row.tenant_id
     OR old_row.notification_id <> new_row.notification_id OR new_row.lease_epoch < old_row.lease_epoch
     OR (old_row.state <> new_row.state AND NOT (old_row.state || '>' || new_row.state) = ANY (ARRAY[
        'pending>claimed', 'pending>cancelled', 'pending>expired', 'pending>skipped', 'pending>dead', 'pending>sent',
        'claimed>sending', 'claimed>pending', 'claimed>skipped', 'claimed>expired', 'claimed>cancelled',
        'claimed>failed', 'claimed>dead', 'claimed>sent',
        'sending>sent', 'sending>pending', 'sending>failed', 'sending>unknown', 'sending>dead',
        'unknown>sent', 'unknown>pending', 'unknown>failed', 'unknown>delivered', 'unknown>bounced',
        'sent>delivered', 'sent>bounced', 'sent>failed', 'delivered>bounced',
        'dead>sent', 'dead>pending', 'failed>pending']))
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'illegal move of delivery %: % -> % (or its id, owner or lease epoch went back)',
      wrong.id, wrong.was, wrong.becomes
      USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_legal_move';
  END IF;
  INSERT INTO notifications_tally AS tally (notification_id, state, shard, tenant_id, count)
  SELECT notification_id, state, pg_backend_pid() % 16, tenant_id, sum(change)
  FROM (
    SELECT new_row.notification_id, new_row.tenant_id, side.state, side.change
    FROM old_rows old_row JOIN new_rows new_row USING (id),
      LATERAL (VALUES (old_row.state, -1), (new_row.state, 1)) AS side (state, change)
    WHERE new_row.tallied AND old_row.state <> new_row.state
  ) AS changes
  GROUP BY notification_id, state, tenant_id ORDER BY notification_id, state
  ON CONFLICT (notification_id, state, shard) DO UPDATE SET count = tally.count + excluded.count;
  RETURN NULL;
END $$;

CREATE TRIGGER delivery_created AFTER INSERT ON notifications_delivery
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION notifications_delivery_created();
CREATE TRIGGER delivery_moved AFTER UPDATE ON notifications_delivery
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION notifications_delivery_moved();

CREATE FUNCTION notifications_notification_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT (OLD.status || '>' || NEW.status) = ANY (ARRAY[
      'pending>scheduled', 'pending>queued', 'pending>processing', 'pending>cancelled', 'pending>expired',
      'pending>failed', 'scheduled>queued', 'scheduled>processing', 'scheduled>cancelled', 'scheduled>expired',
      'scheduled>failed', 'queued>processing', 'queued>completed', 'queued>cancelled', 'queued>expired',
      'queued>failed', 'processing>completed', 'processing>failed', 'processing>cancelled', 'processing>expired',
      'completed>processing', 'completed>failed', 'failed>processing', 'failed>completed',
      'cancelled>processing', 'expired>processing']) THEN
    RAISE EXCEPTION 'illegal move of notification %: % -> %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'notification_legal_move';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER notification_moved BEFORE UPDATE OF status ON notifications_notification
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION notifications_notification_moved();
"""

DROP = """
DROP TABLE notifications_tally, notifications_attempt, notifications_delivery, notifications_notification;
DROP FUNCTION notifications_delivery_created(), notifications_delivery_moved(), notifications_notification_moved();
"""


def first_months(apps: object, schema_editor: object) -> None:
    at = now()
    for table in (NOTIFICATION, DELIVERY, ATTEMPT):
        create(table, at=at)


class Migration(migrations.Migration):
    initial = True
    dependencies = (("tenants", "0001_initial"), ("events", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="NotificationType",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField()),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("category", models.CharField(blank=True, max_length=100)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "critical"), (1, "high"), (2, "medium"), (3, "low")], default=2
                    ),
                ),
                ("strategy", models.CharField(blank=True, max_length=100)),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), blank=True, default=list, size=None
                    ),
                ),
                ("template", models.CharField(blank=True, max_length=100)),
                ("ttl_seconds", models.PositiveIntegerField(default=259200)),
                (
                    "unknown_policy",
                    models.CharField(
                        choices=[("at_least_once", "At Least Once"), ("at_most_once", "At Most Once")],
                        default="at_least_once",
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "key"), name="type_key_unique_per_tenant"),
                    models.CheckConstraint(condition=models.Q(("priority__lte", 3)), name="type_priority_known"),
                    models.CheckConstraint(
                        condition=models.Q(("unknown_policy__in", ["at_least_once", "at_most_once"])),
                        name="type_unknown_policy_known",
                    ),
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES + GUARDS, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name="Notification",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("tenant_id", models.UUIDField()),
                        ("mode", models.TextField(default="live")),
                        ("type", models.TextField(default="")),
                        ("category", models.TextField(default="")),
                        (
                            "priority",
                            models.SmallIntegerField(
                                choices=[(0, "critical"), (1, "high"), (2, "medium"), (3, "low")], default=2
                            ),
                        ),
                        ("strategy", models.TextField()),
                        (
                            "channels",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("content", models.JSONField(default=dict)),
                        ("data", models.JSONField(default=dict)),
                        ("recipients", models.JSONField(default=list)),
                        ("segment_id", models.UUIDField(null=True)),
                        ("recipient_count", models.IntegerField()),
                        (
                            "status",
                            models.TextField(
                                choices=[
                                    ("pending", "pending"),
                                    ("scheduled", "scheduled"),
                                    ("queued", "queued"),
                                    ("processing", "processing"),
                                    ("completed", "completed"),
                                    ("failed", "failed"),
                                    ("cancelled", "cancelled"),
                                    ("expired", "expired"),
                                ],
                                default="queued",
                            ),
                        ),
                        ("reason", models.TextField(default="")),
                        ("unknown_policy", models.TextField(default="at_least_once")),
                        ("scheduled_at", models.DateTimeField(null=True)),
                        ("scheduled_local", models.TextField(default="")),
                        ("recurrence", models.TextField(default="")),
                        ("expires_at", models.DateTimeField(null=True)),
                        ("cancellation_key", models.TextField(default="")),
                        ("correlation_id", models.TextField(default="")),
                        ("idempotency_key", models.TextField(default="")),
                        ("dedup", models.JSONField(default=dict)),
                        (
                            "tags",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("metadata", models.JSONField(default=dict)),
                        ("traceparent", models.TextField(default="")),
                        ("actor", models.TextField(default="")),
                        ("created_at", models.DateTimeField()),
                        ("due_at", notifications.fields.DueField(null=True)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("lease_epoch", models.IntegerField(default=0)),
                        ("crashes", models.SmallIntegerField(default=0)),
                        ("plan_position", models.TextField(default="")),
                        ("planned_count", models.IntegerField(default=0)),
                        ("planned_at", models.DateTimeField(null=True)),
                        ("first_sent_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ("-id",),
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("tenant_id", models.UUIDField()),
                        ("notification_id", models.UUIDField()),
                        ("recipient_id", models.UUIDField()),
                        ("endpoint_id", models.UUIDField(null=True)),
                        ("channel", models.TextField()),
                        ("step", models.SmallIntegerField(default=0)),
                        ("last_step", models.SmallIntegerField(default=0)),
                        ("mode", models.TextField(default="live")),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("pending", "pending"),
                                    ("claimed", "claimed"),
                                    ("sending", "sending"),
                                    ("unknown", "unknown"),
                                    ("sent", "sent"),
                                    ("delivered", "delivered"),
                                    ("bounced", "bounced"),
                                    ("failed", "failed"),
                                    ("dead", "dead"),
                                    ("cancelled", "cancelled"),
                                    ("expired", "expired"),
                                    ("skipped", "skipped"),
                                ],
                                default="pending",
                            ),
                        ),
                        ("reason", models.TextField(default="")),
                        ("wait_reason", models.TextField(default="")),
                        ("lane", models.SmallIntegerField()),
                        (
                            "priority",
                            models.SmallIntegerField(choices=[(0, "critical"), (1, "high"), (2, "medium"), (3, "low")]),
                        ),
                        ("due_at", notifications.fields.DueField(null=True)),
                        ("expires_at", models.DateTimeField(null=True)),
                        ("lease_epoch", models.IntegerField(default=0)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("attempts", models.SmallIntegerField(default=0)),
                        ("attempts_before", models.SmallIntegerField(default=0)),
                        ("crashes", models.SmallIntegerField(default=0)),
                        ("unknown_policy", models.TextField(default="at_least_once")),
                        ("fallback_seconds", models.IntegerField(default=60)),
                        ("data", models.JSONField(null=True)),
                        ("succeeded", models.BooleanField(default=False)),
                        ("provider", models.TextField(default="")),
                        ("provider_message_id", models.TextField(default="")),
                        ("error", models.JSONField(null=True)),
                        ("tallied", models.BooleanField(default=False)),
                        ("created_at", models.DateTimeField()),
                        ("sent_at", models.DateTimeField(null=True)),
                        ("delivered_at", models.DateTimeField(null=True)),
                        ("failed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "ordering": ("-id",),
                    },
                ),
                migrations.CreateModel(
                    name="Attempt",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("tenant_id", models.UUIDField()),
                        ("delivery_id", models.UUIDField()),
                        ("number", models.SmallIntegerField()),
                        ("lease_epoch", models.IntegerField()),
                        ("provider", models.TextField()),
                        ("account", models.TextField(default="")),
                        ("begun_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("outcome", models.TextField(default="")),
                        ("code", models.TextField(default="")),
                        ("detail", models.TextField(default="")),
                        ("provider_message_id", models.TextField(default="")),
                    ],
                    options={
                        "ordering": ("delivery_id", "number"),
                    },
                ),
                migrations.CreateModel(
                    name="Tally",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "notification_id",
                                "state",
                                "shard",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("notification_id", models.UUIDField()),
                        ("state", models.TextField()),
                        ("shard", models.SmallIntegerField()),
                        ("tenant_id", models.UUIDField()),
                        ("count", models.IntegerField()),
                    ],
                    options={
                        "verbose_name_plural": "tallies",
                    },
                ),
            ],
        ),
        TenantTable("notifications_notificationtype"),
        TenantTable("notifications_notification", app="SELECT, INSERT, UPDATE"),
        TenantTable("notifications_delivery", app="SELECT, INSERT, UPDATE"),
        TenantTable("notifications_attempt", app="SELECT"),
        TenantTable("notifications_tally", app="SELECT, INSERT, UPDATE"),
        migrations.RunPython(first_months, migrations.RunPython.noop),
    )
