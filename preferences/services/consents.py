"""Record what people agreed to and what they took back, many at a time, each with its line in the log.

Once a withdrawal is committed no send that needed the consent begins: whoever begins one holds `shared` for the person
until that is committed, and whoever records waits for it. The locks of addresses are taken before these, and both
before any delivery is locked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audience.selectors import people
from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from preferences.address_hash import Contact, hash_of
from preferences.consent_requirements import forget_requirements, requirements_of
from preferences.models import Consent, ConsentProof, ConsentPurpose
from preferences.rules.consent import EVERY_CHANNEL

LOCKS = 1_936_007_793  # ours among the advisory locks of the database, beside those of addresses
SLOTS = 512  # people share them: a bulk of any size takes no more locks than this

_LOCK = "SELECT pg_advisory_xact_lock(%s, slot) FROM unnest(%s::int[]) AS slot"
_LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(%s, slot) FROM unnest(%s::int[]) AS slot"


@dataclass(frozen=True, slots=True)
class NewConsent:
    """One word of a person. `at` is when it was said, at most the moment of recording; `channel` may be all."""

    recipient_id: UUID
    purpose: str
    channel: str
    given: bool
    text_version: str
    source: str
    at: datetime
    proof: Mapping[str, Any] = field(default_factory=dict)


def record_consents(tenant_id: UUID, said: Sequence[NewConsent], *, actor: str, at: datetime) -> list[Consent]:
    """Keep what was said, from the commit of the caller's transaction on; returns the rows in the order given.

    The same few statements for one and for a thousand.
    """
    if not said:
        return []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, (LOCKS, _slots(one.recipient_id for one in said)))
        rows = _rows(tenant_id, said, actor=actor, at=at)
        Consent.objects.bulk_create(rows)
        ConsentProof.objects.bulk_create(
            ConsentProof(
                consent_id=row.id, tenant_id=tenant_id, recipient_id=row.recipient_id, document=dict(one.proof)
            )
            for row, one in zip(rows, said, strict=True)
        )
        _speak_of(tenant_id, {one.purpose for one in said})
        record([_event(row, at) for row in rows])
    return rows


def hold_words_still(recipient_ids: Collection[UUID]) -> None:
    """Let nothing be recorded of these people until the caller's transaction ends; what is committed is seen then."""
    if recipient_ids:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_SHARED, (LOCKS, _slots(recipient_ids)))


def _rows(tenant_id: UUID, said: Sequence[NewConsent], *, actor: str, at: datetime) -> list[Consent]:
    known = people(one.recipient_id for one in said)
    ids = sorted(uuid7(at) for _ in said)  # listed in the order in which they came
    return [
        Consent(
            id=id,
            tenant_id=tenant_id,
            recipient_id=one.recipient_id,
            purpose=one.purpose,
            channel=one.channel,
            state=Consent.State.GIVEN if one.given else Consent.State.WITHDRAWN,
            text_version=one.text_version,
            source=one.source,
            actor=actor[:120],
            address_hashes=sorted(
                {
                    hash_of(Contact(tenant_id, channel, endpoint.address))
                    for channel, endpoints in known[one.recipient_id].endpoints.items()
                    if one.channel in (channel, EVERY_CHANNEL)
                    for endpoint in endpoints
                }
            )
            if one.recipient_id in known
            else [],
            at=one.at,
            recorded_at=at,
        )
        for id, one in zip(ids, said, strict=True)
    ]


def _speak_of(tenant_id: UUID, purposes: set[str]) -> None:
    """Have everybody look for records about these purposes; nothing to do for those that are known to be spoken of."""
    fresh = sorted(purposes - requirements_of([tenant_id])[tenant_id].spoken_of)
    if fresh:
        rows = [ConsentPurpose(tenant_id=tenant_id, purpose=purpose) for purpose in fresh]
        ConsentPurpose.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(forget_requirements)


def _event(row: Consent, at: datetime) -> NewEvent:
    detail = {
        "consent": str(row.id),
        "recipient": str(row.recipient_id),
        "purpose": row.purpose,
        "channel": row.channel,
        "text_version": row.text_version,
        "source": row.source,
        "at": row.at.isoformat(),
    }
    return NewEvent(row.tenant_id, f"consent.{row.state}", at, detail=detail, actor=row.actor)


def _slots(recipient_ids: Iterable[UUID]) -> list[int]:
    """The locks of people, in the order in which everybody takes them. Their ids end in random bits."""
    return sorted({id.int % SLOTS for id in recipient_ids})
