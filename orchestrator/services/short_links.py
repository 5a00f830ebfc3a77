"""Links with short names, for text messages: the only tracked links that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from orchestrator.models import KeptLink
from orchestrator.rules.tracking_token import TrackedLink
from tenants.scope import platform_scope

KEPT = timedelta(days=400)  # then they lead nowhere

# Nobody is erased between the look at them and the end of the statement; who is gone already gets no link.
_KEEP = """
INSERT INTO orchestrator_keptlink (code, tenant_id, recipient_id, delivery_id, number, address, counts, created_at)
SELECT new.*, now()
FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::bool[])
  AS new (code, tenant_id, recipient_id, delivery_id, number, address, counts)
JOIN audience_recipient person ON person.id = new.recipient_id AND person.tenant_id = new.tenant_id
FOR KEY SHARE OF person
ON CONFLICT (code) DO NOTHING
"""

_PURGE = """
DELETE FROM orchestrator_keptlink WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM orchestrator_keptlink WHERE created_at < %s LIMIT %s FOR UPDATE SKIP LOCKED))
"""


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A link and the name it goes by. `counts`: whether following it is noted."""

    code: str
    tenant_id: UUID
    recipient_id: UUID
    link: TrackedLink
    counts: bool


def keep(links: Sequence[ShortLink]) -> None:
    """Keep links, in one statement; those that are kept already stay as they are."""
    if not links:
        return
    in_order = sorted(links, key=lambda kept: kept.code)
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            (
                [kept.code for kept in in_order],
                [kept.tenant_id for kept in in_order],
                [kept.recipient_id for kept in in_order],
                [kept.link.delivery_id for kept in in_order],
                [kept.link.number for kept in in_order],
                [kept.link.address for kept in in_order],
                [kept.counts for kept in in_order],
            ),
        )


def find(code: str) -> tuple[TrackedLink, bool] | None:
    """The link of this name, and whether following it is noted; `None` when there is none (any more)."""
    with platform_scope():
        row = KeptLink.objects.filter(code=code).values_list("delivery_id", "number", "address", "counts").first()
    return (TrackedLink(*row[:3]), row[3]) if row else None


def purge(*, at: datetime, limit: int) -> int:
    """Forget links nobody follows any more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, (at - KEPT, limit))
        return int(cursor.rowcount)
