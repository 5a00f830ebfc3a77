"""The tables of the upper bound: deliveries with the indexes that any such system needs, their history, chunks."""

DDL = """
CREATE TABLE bare_delivery (
  id uuid PRIMARY KEY, notification_id uuid NOT NULL, recipient_id uuid NOT NULL, tenant_id int NOT NULL,
  channel smallint NOT NULL, priority smallint NOT NULL, status smallint NOT NULL, address text,
  provider_message_id text, attempts smallint NOT NULL DEFAULT 0, due_at timestamptz, created_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX ON bare_delivery (notification_id, recipient_id, channel);
CREATE INDEX ON bare_delivery (recipient_id, id);
CREATE INDEX ON bare_delivery (priority, due_at) WHERE status = 0;
CREATE INDEX ON bare_delivery (provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE INDEX ON bare_delivery USING brin (created_at);
CREATE TABLE bare_history (delivery_id uuid NOT NULL, status smallint NOT NULL, at timestamptz NOT NULL,
  provider_message_id text);
CREATE INDEX ON bare_history (delivery_id);
CREATE TABLE bare_chunk (id bigserial PRIMARY KEY, notification_id uuid, size int, state smallint, lease timestamptz);
"""
COPY_DELIVERIES = """
COPY bare_delivery (id, notification_id, recipient_id, tenant_id, channel, priority, status, address, attempts,
  created_at) FROM STDIN
"""
COPY_HISTORY = "COPY bare_history (delivery_id, status, at) FROM STDIN"
LEASE = """
INSERT INTO bare_chunk (notification_id, size, state, lease) VALUES (%s, %s, 1, now() + interval '60 s') RETURNING id
"""
SENT = """
WITH sent AS (
  UPDATE bare_delivery d SET status = 2, attempts = 1, provider_message_id = v.message_id
  FROM unnest(%s::uuid[], %s::text[]) AS v (id, message_id) WHERE d.id = v.id
  RETURNING d.id, d.provider_message_id)
INSERT INTO bare_history SELECT id, 2, now(), provider_message_id FROM sent
"""
CHUNK_DONE = "UPDATE bare_chunk SET state = 2 WHERE id = %s"
EMPTY = "TRUNCATE bare_delivery, bare_history, bare_chunk"
COUNT = "SELECT (SELECT count(*) FROM bare_delivery WHERE status = 2), (SELECT count(*) FROM bare_history)"
