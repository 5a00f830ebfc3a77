"""What reports mean for the suppression list: dead addresses, complaints, and what people write back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from audience.selectors import addresses_of
from channels_app.hooks.reports import Claimed
from events.services import record
from events.values import NewEvent
from kernel.masking import mask
from orchestrator.rules.receipts import suppression_for
from orchestrator.selectors import words_of
from orchestrator.services.hearing import Meant, Told
from preferences.address_hash import Contact
from preferences.rules import Reason, scope_of
from preferences.rules.opt_out_words import Meaning, meaning_of
from preferences.services import NewSuppression, lift_where, suppress

# A sender that several tenants share is written back to in the name of all who wrote from it to that address.
_ADDRESSED = """
SELECT said.number, t.id
FROM unnest(%s::int[], %s::uuid[], %s::text[], %s::text[], %s::text[])
  AS said (number, tenant_id, channel, account, address)
JOIN tenants_tenant t ON t.id = coalesce(said.tenant_id, t.id)
WHERE said.tenant_id IS NOT NULL OR EXISTS (
  SELECT 1 FROM audience_endpoint e
  JOIN notifications_delivery d ON d.recipient_id = e.recipient_id AND d.endpoint_id = e.id
  JOIN notifications_attempt a ON a.delivery_id = d.id AND a.account = said.account
  WHERE e.tenant_id = t.id AND e.channel = said.channel AND e.address = said.address)
"""


def opt_out(receipts: Sequence[tuple[Told, Meant]], inbound: Sequence[Claimed], *, at: datetime) -> None:
    """Suppress what receipts and replies say no for, and lift what replies take back, in the caller's transaction.

    Its locks are taken in one go and before any delivery is locked, as by everybody.
    """
    replies = _read(inbound)
    wishes = {reply.contact: reply.meaning for reply in replies}  # of several words the last one counts
    stops = [NewSuppression(who, Reason.STOP) for who, said in wishes.items() if said == "stop"]
    suppress([*_from_receipts(receipts), *stops], source="provider", at=at)
    if starts := [who for who, said in wishes.items() if said == "start"]:
        lift_where(starts, reasons=[Reason.STOP], actor="recipient", why="wrote START", at=at)
    record([event for reply in replies if (event := _told(reply, at))])


@dataclass(frozen=True, slots=True)
class _Reply:
    """What somebody wrote to one tenant, or (without one) to a sender that belongs to nobody they know."""

    contact: Contact
    meaning: Meaning | None
    provider: str


def _from_receipts(meant: Sequence[tuple[Told, Meant]]) -> list[NewSuppression]:
    """The addresses that receipts tell to be dead or unwilling."""
    found = [
        (delivery, reason)
        for told, delivery in meant
        if (reason := suppression_for(told.receipt.kind, permanent=told.receipt.permanent))
    ]
    if not found:
        return []
    addresses = addresses_of(delivery.endpoint_id for delivery, _ in found if delivery.endpoint_id)
    words = words_of({delivery.notification_id for delivery, reason in found if reason is Reason.UNSUBSCRIBE})
    return [
        NewSuppression(
            Contact(delivery.tenant_id, delivery.channel, address),
            reason,
            scope_of(category=said.category, type=said.type) if (said := words.get(delivery.notification_id)) else "",
            notification_id=delivery.notification_id,
            delivery_id=delivery.id,
        )
        for delivery, reason in found
        if delivery.endpoint_id and (address := addresses.get(delivery.endpoint_id))
    ]


def _read(inbound: Sequence[Claimed]) -> list[_Reply]:
    """What was written back, once for each tenant it is for."""
    if not inbound:
        return []
    said = [report.secret() for report in inbound]
    tenants = _addressed(inbound, [one["sender"] for one in said])
    return [
        _Reply(Contact(tenant_id, report.channel, one["sender"]), meaning_of(one["text"]), report.provider)
        for number, (report, one) in enumerate(zip(inbound, said, strict=True))
        for tenant_id in tenants.get(number, (None,))
    ]


def _told(reply: _Reply, at: datetime) -> NewEvent | None:
    """The line that tells the tenant; what was written is not in it."""
    if reply.contact.tenant_id is None:
        return None
    detail = {"channel": reply.contact.channel, "from": mask(reply.contact.address), "provider": reply.provider}
    kind = f"inbound.{reply.meaning or 'received'}"
    return NewEvent(reply.contact.tenant_id, kind, at, detail=detail, actor="recipient")


def _addressed(reports: Sequence[Claimed], senders: Sequence[str]) -> Mapping[int, list[UUID]]:
    """The tenants each text is for, by its place; nobody when the sender was never written to."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ADDRESSED,
            (
                list(range(len(reports))),
                [report.tenant_id for report in reports],
                [report.channel for report in reports],
                [report.account for report in reports],
                list(senders),
            ),
        )
        found: dict[int, list[UUID]] = {}
        for number, tenant_id in cursor.fetchall():
            found.setdefault(number, []).append(tenant_id)
    return found
