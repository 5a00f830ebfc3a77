"""Look what people want and whom not to reach: always inside a scope, which decides what can be seen."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from preferences.address_hash import Contact, hash_of
from preferences.models import Preferences, Suppression
from preferences.rules import Ban, Reason, Wishes, wishes_in
from tenants.scope import seeing_every_tenant


def wishes_of(recipient_ids: Collection[UUID]) -> dict[UUID, Wishes]:
    """The wishes of those who said something, by recipient id, in one statement; the others are missing."""
    rows = Preferences.objects.filter(recipient_id__in=set(recipient_ids)).order_by()
    return {
        recipient_id: wishes_in(document) for recipient_id, document in rows.values_list("recipient_id", "document")
    }


def document_of(*, tenant_id: UUID, recipient_id: UUID) -> dict[str, Any]:
    """What one recipient said, as they said it; empty when they said nothing."""
    rows = Preferences.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id)
    return rows.values_list("document", flat=True).first() or {}


def bans_on(contacts: Collection[Contact]) -> dict[Contact, tuple[Ban, ...]]:
    """What is in force for each of these addresses, for its tenant or for all of them; in one statement.

    Addresses that nothing is known against are missing.
    """
    by_hash: dict[bytes, list[Contact]] = defaultdict(list)
    for contact in contacts:
        by_hash[hash_of(contact)].append(contact)
        if contact.tenant_id is not None:
            by_hash[hash_of(replace(contact, tenant_id=None))].append(contact)
    if not by_hash:
        return {}
    with seeing_every_tenant():
        rows = Suppression.objects.filter(address_hash__in=list(by_hash), lifted_at=None).order_by("id")
        found = list(rows.values_list("address_hash", "reason", "scope"))
    bans: dict[Contact, list[Ban]] = defaultdict(list)
    for address_hash, reason, scope in found:
        for contact in by_hash[bytes(address_hash)]:
            bans[contact].append(Ban(Reason(reason), scope))
    return {contact: tuple(known) for contact, known in bans.items()}


def bans_in_force(address_hash: bytes) -> tuple[Ban, ...]:
    """What is in force for the address of a hash, as far as the present scope sees."""
    rows = Suppression.objects.filter(address_hash=address_hash, lifted_at=None).order_by("id")
    return tuple(Ban(Reason(reason), scope) for reason, scope in rows.values_list("reason", "scope"))
