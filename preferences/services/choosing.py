"""Save what somebody chose in their preference centre: wishes, consents, language and zone, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from audience.models import Recipient
from audience.services import upsert_recipients
from audience.values import RecipientInput
from preferences.address_hash import Contact
from preferences.rules import Reason
from preferences.services.consents import NewConsent, record_consents
from preferences.services.documents import patch
from preferences.services.suppressions import lift_where

ACTOR = "recipient"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be kept. `come_back`: by scope, the addresses that are to be written to again."""

    tenant_id: UUID
    recipient_id: UUID
    external_id: str
    document: Mapping[str, Any]  # a merge patch
    consents: Sequence[NewConsent]
    come_back: Mapping[str, Sequence[Contact]]
    language: str | None = None  # None = as it was
    timezone: str | None = None


def keep_known(recipient_id: UUID) -> bool:
    """Let nobody erase the person before the caller's transaction ends; `False`: somebody has."""
    rows = Recipient.objects.select_for_update(no_key=True).filter(id=recipient_id).order_by()
    return rows.values_list("id", flat=True).first() is not None


def save(chosen: Chosen, *, at: datetime) -> None:
    """Keep it all, or nothing; what did not change costs nothing. Consents come first: their locks are taken before any
    delivery is locked, and other quiet hours move deliveries.
    """
    record_consents(chosen.tenant_id, chosen.consents, actor=ACTOR, at=at)
    if chosen.document:
        patch(
            tenant_id=chosen.tenant_id,
            recipient_id=chosen.recipient_id,
            change=chosen.document,
            check=_nothing,  # the form was judged field by field
            at=at,
        )
    for scope, contacts in chosen.come_back.items():
        lift_where(contacts, reasons=[Reason.UNSUBSCRIBE], scopes=[scope], actor=ACTOR, why="switched on again", at=at)
    if chosen.language is not None or chosen.timezone is not None:
        person = RecipientInput(
            id=chosen.external_id,
            locale=UNSET if chosen.language is None else chosen.language or None,
            timezone=UNSET if chosen.timezone is None else chosen.timezone,
        )
        upsert_recipients(tenant_id=chosen.tenant_id, recipients=[person], at=at)


def _nothing(document: dict[str, Any]) -> None:
    """Judge nothing."""
