"""Suppress addresses and lift suppressions, many at a time, each with its line in the log.

Once a suppression is committed no send to its address begins: whoever begins one holds `shared` for the address until
that is committed, and whoever suppresses waits for it. Locks are taken before any delivery is locked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from kernel.masking import mask
from preferences.address_hash import Contact, HashedContact, hash_of
from preferences.rules.suppression import EVERYTHING, Reason

LOCKS = 1_936_007_792  # ours among the advisory locks of the database
SLOTS = 512  # addresses share them: a bulk of any size takes no more locks than this

_LOCK = "SELECT pg_advisory_xact_lock(%s, slot) FROM unnest(%s::int[]) AS slot"
_LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(%s, slot) FROM unnest(%s::int[]) AS slot"

_ADD = """
INSERT INTO preferences_suppression (id, tenant_id, channel, address_hash, address_masked, scope, reason, source, note,
  created_at, lifted_by, lift_reason)
SELECT id, tenant_id, channel, address_hash, address_masked, scope, reason, %s, note, %s, '', ''
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[])
  AS new (id, tenant_id, channel, address_hash, address_masked, scope, reason, note)
ON CONFLICT (tenant_id, channel, address_hash, scope, reason) WHERE lifted_at IS NULL DO NOTHING
RETURNING id
"""

_RETURNING = "RETURNING id, tenant_id, channel, address_masked, scope, reason"

_LIFT = f"""
UPDATE preferences_suppression SET lifted_at = %s, lifted_by = %s, lift_reason = %s
WHERE id = ANY (%s) AND lifted_at IS NULL {_RETURNING}
"""

_LIFT_WHERE = f"""
UPDATE preferences_suppression SET lifted_at = %s, lifted_by = %s, lift_reason = %s
WHERE address_hash = ANY (%s) AND reason = ANY (%s) AND scope = ANY (%s) AND lifted_at IS NULL {_RETURNING}
"""


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """An address to be suppressed and why; with the delivery that brought it about, if one did."""

    contact: Contact | HashedContact
    reason: Reason
    scope: str = EVERYTHING
    note: str = ""
    notification_id: UUID | None = None
    delivery_id: UUID | None = None
    recipient_id: UUID | None = None  # who said so themselves


def suppress(wanted: Sequence[NewSuppression], *, source: str, at: datetime) -> list[UUID]:
    """Suppress addresses from the commit of the caller's transaction on; returns the ids of those that are new."""
    if not wanted:
        return []
    hashes = [hash_of(one.contact) for one in wanted]
    by_id = {uuid7(at): one for one in wanted}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, (LOCKS, _slots(hashes)))
        cursor.execute(
            _ADD,
            (
                source[:120],
                at,
                list(by_id),
                [one.contact.tenant_id for one in wanted],
                [one.contact.channel for one in wanted],
                hashes,
                [_masked(one.contact) for one in wanted],
                [one.scope for one in wanted],
                [str(one.reason) for one in wanted],
                [one.note[:200] for one in wanted],
            ),
        )
        fresh = [id for (id,) in cursor.fetchall()]
        record([event for id in fresh if (event := _added(by_id[id], source, at))])
    return fresh


def hold_still(contacts: Collection[Contact]) -> None:
    """Let nobody suppress these addresses until the caller's transaction ends; what is committed is seen after this."""
    if contacts:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_SHARED, (LOCKS, _slots(hash_of(contact) for contact in contacts)))


def lift(ids: Collection[UUID], *, actor: str, why: str, at: datetime) -> list[UUID]:
    """Lift suppressions that are in force; returns the ids of those that were."""
    return _lifted(_LIFT, [list(ids)], actor=actor, why=why, at=at)


def lift_where(
    contacts: Collection[Contact | HashedContact],
    *,
    reasons: Collection[Reason],
    scopes: Collection[str] = (EVERYTHING,),
    actor: str,
    why: str,
    at: datetime,
) -> list[UUID]:
    """Lift what is in force for these addresses for these reasons; returns the ids."""
    hashes = [hash_of(contact) for contact in contacts]
    return _lifted(_LIFT_WHERE, [hashes, [str(r) for r in reasons], list(scopes)], actor=actor, why=why, at=at)


def _lifted(statement: str, which: list[object], *, actor: str, why: str, at: datetime) -> list[UUID]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [at, actor[:120], why[:200], *which])  # type: ignore[list-item]
        rows = cursor.fetchall()
        record(
            [
                NewEvent(
                    tenant_id, "suppression.lifted", at, reason=reason, actor=actor,
                    detail={"suppression": str(id), "channel": channel, "address": masked, "scope": scope, "why": why},
                )
                for id, tenant_id, channel, masked, scope, reason in rows
                if tenant_id
            ]
        )  # fmt: skip
    return [row[0] for row in rows]


def _added(one: NewSuppression, source: str, at: datetime) -> NewEvent | None:
    """What holds for all tenants is told to none."""
    if one.contact.tenant_id is None:
        return None
    detail = {"channel": one.contact.channel, "address": _masked(one.contact), "scope": one.scope}
    if one.recipient_id:
        detail["recipient"] = str(one.recipient_id)
    return NewEvent(
        one.contact.tenant_id, "suppression.added", at, one.notification_id, one.delivery_id, str(one.reason), detail,
        source,
    )  # fmt: skip


def _masked(contact: Contact | HashedContact) -> str:
    return mask(contact.address)[:320] if isinstance(contact, Contact) else "•••"


def _slots(hashes: Iterable[bytes]) -> list[int]:
    """The locks of addresses, in the order in which everybody takes them."""
    return sorted({int.from_bytes(found[:4]) % SLOTS for found in hashes})
