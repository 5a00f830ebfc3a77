"""Claim in one statement whose plan PostgreSQL keeps.

Planning a claim over all partitions costs twenty times what running it does. A function's plan is made once per
connection; one that was made while the tables were empty must serve when they are full, so it may not read whole tables
(postgresql.org/docs/18/sql-createfunction.html on SET, postgresql.org/docs/18/runtime-config-query.html on
plan_cache_mode, read 2026-11). Both run with the rights of their caller.
"""

from django.db import migrations

_HOW = """
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
"""
_BEGIN = """
BEGIN
  -- A claim that a crash of PostgreSQL takes back is a claim that was never made: no need to wait for the disk.
  PERFORM set_config('synchronous_commit', 'off', true);
"""

# The tenants that have work in a lane, by hopping from one to the next through the index; of those whose work is due so
# many rows of each. Who only waits for a later moment takes no share.
DELIVERIES = f"""
CREATE FUNCTION orchestrator_claim_deliveries(
  of_lane smallint, after_tenant uuid, most_tenants int, most int, lease_seconds int)
RETURNS TABLE (
  id uuid, tenant_id uuid, notification_id uuid, recipient_id uuid, endpoint_id uuid, channel text, step smallint,
  last_step smallint, mode text, priority smallint, attempts smallint, attempts_before smallint, crashes smallint,
  lease_epoch int, expires_at timestamptz, unknown_policy text, data jsonb, created_at timestamptz, at timestamptz,
  template_version_id uuid, locale text, success text)
{_HOW}{_BEGIN}  RETURN QUERY
  WITH RECURSIVE turn AS (
    (SELECT tenant_id, 1 AS number FROM notifications_delivery
     WHERE state = 'pending' AND lane = of_lane AND tenant_id > after_tenant ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.tenant_id FROM notifications_delivery next
            WHERE next.state = 'pending' AND next.lane = of_lane AND next.tenant_id > turn.tenant_id
            ORDER BY next.tenant_id LIMIT 1), turn.number + 1
    FROM turn WHERE turn.tenant_id IS NOT NULL AND turn.number < most_tenants
  ), sharing AS (
    SELECT tenant_id FROM turn WHERE tenant_id IS NOT NULL AND now() >= (
      SELECT first.due_at FROM notifications_delivery first
      WHERE first.state = 'pending' AND first.lane = of_lane AND first.tenant_id = turn.tenant_id
      ORDER BY first.due_at LIMIT 1)
  ), chosen AS (
    SELECT due.id FROM sharing, LATERAL (
      SELECT id FROM notifications_delivery
      WHERE state = 'pending' AND lane = of_lane AND tenant_id = sharing.tenant_id AND due_at <= now()
      ORDER BY due_at
      LIMIT (SELECT ceil(most / nullif(count(*), 0)::numeric) FROM sharing)
      FOR UPDATE SKIP LOCKED
    ) AS due
    LIMIT most
  )
  UPDATE notifications_delivery SET state = 'claimed', lease_epoch = lease_epoch + 1, due_at = NULL, wait_reason = '',
    lease_until = now() + lease_seconds * interval '1 second'
  WHERE id = ANY (ARRAY(SELECT id FROM chosen))
  RETURNING id, tenant_id, notification_id, recipient_id, endpoint_id, channel, step, last_step, mode, priority, attempts,
    attempts_before, crashes, lease_epoch, expires_at, unknown_policy, data, created_at, now(),
    template_version_id, locale, success;
END $$;
"""

NOTIFICATIONS = f"""
CREATE FUNCTION orchestrator_claim_notifications(
  of_lane smallint, after_tenant uuid, most_tenants int, most int, lease_seconds int)
RETURNS TABLE (
  id uuid, tenant_id uuid, mode text, type text, category text, priority smallint, strategy text, channels text[],
  content_channels text[], recipients jsonb, segment_id uuid, recipient_count int, scheduled_at timestamptz,
  scheduled_local text, recurrence text, expires_at timestamptz, unknown_policy text, created_at timestamptz,
  lease_epoch int, crashes smallint, plan_position text, planned_count int, at timestamptz, template text, dedup jsonb,
  data jsonb)
{_HOW}{_BEGIN}  RETURN QUERY
  WITH RECURSIVE turn AS (
    (SELECT tenant_id, 1 AS number FROM notifications_notification
     WHERE due_at IS NOT NULL AND priority = of_lane AND tenant_id > after_tenant ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.tenant_id FROM notifications_notification next
            WHERE next.due_at IS NOT NULL AND next.priority = of_lane AND next.tenant_id > turn.tenant_id
            ORDER BY next.tenant_id LIMIT 1), turn.number + 1
    FROM turn WHERE turn.tenant_id IS NOT NULL AND turn.number < most_tenants
  ), sharing AS (
    SELECT tenant_id FROM turn WHERE tenant_id IS NOT NULL AND now() >= (
      SELECT first.due_at FROM notifications_notification first
      WHERE first.due_at IS NOT NULL AND first.priority = of_lane AND first.tenant_id = turn.tenant_id
      ORDER BY first.due_at LIMIT 1)
  ), chosen AS (
    SELECT due.id FROM sharing, LATERAL (
      SELECT id FROM notifications_notification
      WHERE due_at IS NOT NULL AND priority = of_lane AND tenant_id = sharing.tenant_id AND due_at <= now()
        AND (lease_until IS NULL OR lease_until < now() OR lease_until > now() + 2 * lease_seconds * interval '1 second')
      ORDER BY due_at
      LIMIT (SELECT ceil(most / nullif(count(*), 0)::numeric) FROM sharing)
      FOR UPDATE SKIP LOCKED
    ) AS due
    LIMIT most
  )
  UPDATE notifications_notification SET lease_epoch = lease_epoch + 1,
    crashes = crashes + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END,
    lease_until = now() + lease_seconds * interval '1 second'
  WHERE id = ANY (ARRAY(SELECT id FROM chosen))
  RETURNING id, tenant_id, mode, type, category, priority, strategy,
    channels, ARRAY(SELECT jsonb_object_keys(content)), recipients,
    segment_id, recipient_count, scheduled_at, scheduled_local, recurrence, expires_at, unknown_policy, created_at,
    lease_epoch, crashes, plan_position, planned_count, now(), template, dedup, data;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = (("orchestrator", "0009_digest_item_channels"), ("notifications", "0005_delivery_success"))
    operations = (
        migrations.RunSQL(DELIVERIES, "DROP FUNCTION orchestrator_claim_deliveries"),
        migrations.RunSQL(NOTIFICATIONS, "DROP FUNCTION orchestrator_claim_notifications"),
    )
