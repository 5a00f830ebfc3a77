"""Reserve and remember in one round trip each, with plans that PostgreSQL keeps.

JSON goes in because drivers write one text faster than arrays of a thousand. Both run with the rights of their caller. A VOLATILE function takes a fresh snapshot for each of its statements
(postgresql.org/docs/18/xfunc-volatility.html, read 2026-11), so the look after the lock sees what the lock's last owner
committed.
"""

from django.db import migrations

RESERVE = """
CREATE FUNCTION tenants_reserve(of_tenant uuid, wanted json, locking boolean, moment timestamptz)
RETURNS TABLE (key text, fingerprint bytea, status smallint, headers jsonb, body bytea)
LANGUAGE plpgsql VOLATILE AS $$
-- The keys of `wanted` that are not free: with their answer, or with nulls where another transaction is at it.
DECLARE
  keys text[] := ARRAY(SELECT json_array_elements_text(wanted));
  held boolean[];
BEGIN
  IF locking THEN
    held := ARRAY(SELECT pg_try_advisory_xact_lock(hashtextextended(of_tenant || k.key, 0))
                  FROM unnest(keys) WITH ORDINALITY AS k (key, place) ORDER BY k.place);
  END IF;
  RETURN QUERY
    SELECT claim.key, known.fingerprint, known.status, known.headers, known.body
    FROM unnest(keys, held) AS claim (key, held)
    LEFT JOIN tenants_idempotencyrecord known
      ON known.tenant_id = of_tenant AND known.key = claim.key AND known.expires_at > moment
    WHERE known.key IS NOT NULL OR NOT claim.held;
END $$;
"""

REMEMBER = """
CREATE FUNCTION tenants_remember(of_tenant uuid, answers json, moment timestamptz, until timestamptz)
RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  kept bigint;
BEGIN
  INSERT INTO tenants_idempotencyrecord AS known
      (tenant_id, key, fingerprint, status, headers, body, created_at, expires_at)
    SELECT of_tenant, a.key, decode(a.fingerprint, 'hex'), a.status, a.headers, decode(a.body, 'hex'), moment, until
    FROM json_to_recordset(answers) AS a (key text, fingerprint text, status int, headers jsonb, body text)
    ON CONFLICT ON CONSTRAINT tenants_idempotencyrecord_pkey DO UPDATE
      SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
          body = excluded.body, created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE known.expires_at <= moment;
  GET DIAGNOSTICS kept = ROW_COUNT;
  RETURN kept;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = (("tenants", "0002_framework_tables"),)
    operations = (
        migrations.RunSQL(RESERVE, "DROP FUNCTION tenants_reserve"),
        migrations.RunSQL(REMEMBER, "DROP FUNCTION tenants_remember"),
    )
