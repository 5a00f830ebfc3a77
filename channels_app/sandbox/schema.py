"""The tables of the ledger. The file is a throw-away: a new layout gets a new number, and old files are deleted."""

SCHEMA_VERSION = 1

# Contents are apart from messages: recipients of one envelope share one, and a scan of messages stays on small rows.
# AUTOINCREMENT: ids are never given twice, so `since=<id>` stays true after a clear.
SCHEMA = """
CREATE TABLE IF NOT EXISTS contents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    headers TEXT NOT NULL,
    payload TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    content INTEGER NOT NULL,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    delivery_id TEXT,
    received_us INTEGER NOT NULL,
    receipts TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_to ON messages (recipient COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS messages_of_delivery ON messages (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_received ON messages (received_us);
CREATE TABLE IF NOT EXISTS acceptances (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id TEXT NOT NULL UNIQUE,
    times INTEGER NOT NULL,
    last_us INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS rejections (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    delivery_id TEXT,
    did TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    rejected_us INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS reports (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status INTEGER,
    hook TEXT NOT NULL,
    happened_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS reports_due ON reports (due_us);
CREATE TABLE IF NOT EXISTS answers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    given_us INTEGER NOT NULL,
    UNIQUE (provider, key)
);
CREATE TABLE IF NOT EXISTS behaviours (
    position INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    draws INTEGER NOT NULL
)
"""
