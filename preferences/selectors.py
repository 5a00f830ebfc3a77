"""Look what people want and whom not to reach: always inside a scope, which decides what can be seen."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet

from preferences.address_hash import Contact, hashes_of
from preferences.models import Override, Preferences, Suppression, TenantPreferences
from preferences.rules import Ban, Level, Reason, Wishes, level_in, wishes_among
from preferences.rules.levels import DEFAULT, FORCED, OVERRIDE
from tenants.scope import seeing_every_tenant

# Each branch is a look-up by recipient; the last two cost nothing while no tenant says anything for all its recipients.
_WISHES = """
WITH asked AS MATERIALIZED (
  SELECT id, tenant_id FROM audience_recipient
  WHERE id = ANY (%(ids)s) AND EXISTS (SELECT FROM preferences_tenantpreferences)
)
SELECT 'recipient', recipient_id, document::text, NULL::timestamptz, NULL::uuid
FROM preferences_preferences WHERE recipient_id = ANY (%(ids)s)
UNION ALL
SELECT 'override', recipient_id, document::text, until, id
FROM preferences_override WHERE recipient_id = ANY (%(ids)s) AND until > now()
UNION ALL
SELECT 'member', id, NULL, NULL, tenant_id
FROM asked WHERE EXISTS (SELECT FROM preferences_tenantpreferences of WHERE of.tenant_id = asked.tenant_id)
UNION ALL
SELECT level, tenant_id, document::text, NULL, NULL
FROM preferences_tenantpreferences, LATERAL (VALUES ('default', defaults), ('forced', forced)) AS said (level, document)
WHERE tenant_id IN (SELECT tenant_id FROM asked) AND document <> '{}'
"""


def wishes_of(recipient_ids: Collection[UUID]) -> dict[UUID, Wishes]:
    """What was said for these recipients on every level, in one statement; whom nothing was said for is missing."""
    if not recipient_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_WISHES, {"ids": list(set(recipient_ids))})
        rows = cursor.fetchall()
    of_tenant: dict[UUID, list[Level]] = defaultdict(list)
    own: dict[UUID, list[Level]] = defaultdict(list)
    tenant_of: dict[UUID, UUID] = {}
    for level, id, said, until, key in rows:
        if level == "member":
            tenant_of[id] = key
        elif level in (DEFAULT, FORCED):
            of_tenant[id].append(_level(level, said))
        elif level == OVERRIDE:
            own[id].append(msgspec.structs.replace(_level(level, said), until=until, id=str(key)))
        else:
            own[id].append(_level(level, said))
    shared = {tenant_id: wishes_among(levels) for tenant_id, levels in of_tenant.items()}
    return {id: shared[tenant_id] for id, tenant_id in tenant_of.items() if tenant_id in shared} | {
        id: wishes_among((*levels, *of_tenant.get(tenant_of.get(id, id), ()))) for id, levels in own.items()
    }


@lru_cache(maxsize=10_000)
def _level(name: str, document: str) -> Level:
    """Keyed by the document itself, so what is kept in memory is never out of date."""
    return level_in(msgspec.json.decode(document), name)


def tenant_documents(tenant_id: UUID) -> dict[str, Any]:
    """What a tenant says for all its recipients: `defaults` and `forced`."""
    row = TenantPreferences.objects.filter(tenant_id=tenant_id).first()
    return {"defaults": row.defaults, "forced": row.forced} if row else {"defaults": {}, "forced": {}}


def overrides_of(*, tenant_id: UUID, recipient_id: UUID, at: datetime) -> QuerySet[Override]:
    """What holds for a recipient for a while, as far as it is not over."""
    return Override.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id, until__gt=at)


def document_of(*, tenant_id: UUID, recipient_id: UUID) -> dict[str, Any]:
    """What one recipient said, as they said it; empty when they said nothing."""
    rows = Preferences.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id)
    return rows.values_list("document", flat=True).first() or {}


_BANS = """
SELECT address_hash, reason, scope FROM preferences_suppression
WHERE address_hash = ANY (%s) AND lifted_at IS NULL ORDER BY id
"""


def bans_on(contacts: Collection[Contact]) -> dict[Contact, tuple[Ban, ...]]:
    """What is in force for each of these addresses, for its tenant or for all of them; in one statement.

    Addresses that nothing is known against are missing.
    """
    by_hash: dict[bytes, list[Contact]] = {}
    for contact in contacts:
        for hash in hashes_of(contact):
            by_hash.setdefault(hash, []).append(contact)
    if not by_hash:
        return {}
    with seeing_every_tenant(), connection.cursor() as cursor:
        cursor.execute(_BANS, (list(by_hash),))
        found = cursor.fetchall()
    bans: dict[Contact, list[Ban]] = defaultdict(list)
    for address_hash, reason, scope in found:
        for contact in by_hash[bytes(address_hash)]:
            bans[contact].append(Ban(Reason(reason), scope))
    return {contact: tuple(known) for contact, known in bans.items()}


def bans_in_force(address_hash: bytes) -> tuple[Ban, ...]:
    """What is in force for the address of a hash, as far as the present scope sees."""
    rows = Suppression.objects.filter(address_hash=address_hash, lifted_at=None).order_by("id")
    return tuple(Ban(Reason(reason), scope) for reason, scope in rows.values_list("reason", "scope"))
