"""What we saw ourselves of what people do with messages: kept as reports, and applied like those of providers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connection

from channels_app.rules.reports import DIGEST_BYTES, REMEMBERED
from channels_app.values import ReceiptKind
from kernel.ids import uuid7

# There is no call to point to, so a report of our own points to itself.
_KEEP = """
WITH fresh AS (
  INSERT INTO channels_app_seen (digest, until) VALUES (%(digest)s, now() + %(remembered)s * interval '1 second')
  ON CONFLICT (digest) DO NOTHING RETURNING digest)
INSERT INTO channels_app_report (id, tenant_id, call_id, account, provider, channel, kind, at, delivery_id,
  provider_message_id, code, permanent, received_at, due_at, detail)
SELECT %(id)s, %(tenant_id)s, %(id)s, %(account)s, %(provider)s, %(channel)s, %(kind)s, %(at)s, %(delivery_id)s,
  '', '', false, %(at)s, '-infinity', %(detail)s::jsonb
FROM fresh
"""


@dataclass(frozen=True, slots=True)
class Sighted:
    """Somebody opened a message or followed a link of it. `account` is the one that the message went through."""

    tenant_id: UUID
    delivery_id: UUID
    account: str
    provider: str
    channel: str
    kind: ReceiptKind
    at: datetime
    detail: Mapping[str, Any]  # not empty; what the log is told beside the kind


def keep_sighted(sighted: Sighted, *, once: str) -> bool:
    """Keep it, unless the same delivery has had the same `once` within a week; returns whether it was kept.

    In one statement, which needs the scope of the platform.
    """
    digest = blake2b(f"sighted\x1f{sighted.delivery_id}\x1f{once}".encode(), digest_size=DIGEST_BYTES).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "digest": digest,
                "remembered": REMEMBERED.total_seconds(),
                "id": uuid7(sighted.at),
                "tenant_id": sighted.tenant_id,
                "account": sighted.account,
                "provider": sighted.provider,
                "channel": sighted.channel,
                "kind": sighted.kind,
                "at": sighted.at,
                "delivery_id": sighted.delivery_id,
                "detail": json.dumps(dict(sighted.detail)),
            },
        )
        return bool(cursor.rowcount)
