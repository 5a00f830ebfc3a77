"""Heed the suppression list: when deliveries are planned, and once more in the transaction that begins their sends."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from audience.values import Person, Reachable
from orchestrator.services.routing import ProviderCall
from orchestrator.values import Move, NotificationWords
from preferences.address_hash import Contact
from preferences.rules import Ban, barred
from preferences.selectors import bans_on
from preferences.services import hold_still

Bans = Mapping[Contact, Sequence[Ban]]


def bans_of(persons: Iterable[Person], *, channels: Collection[str]) -> Bans:
    """What is in force against the addresses of people on some channels, in one statement."""
    return bans_on(
        [
            Contact(person.tenant_id, channel, endpoint.address)
            for person in persons
            for channel in channels
            for endpoint in person.endpoints.get(channel, ())
        ]
    )


def bans_against(bans: Bans, endpoint: Reachable, *, tenant_id: UUID) -> tuple[Ban, ...]:
    """What is in force against one endpoint."""
    return tuple(bans.get(Contact(tenant_id, endpoint.channel, endpoint.address), ())) if bans else ()


def keep_back(
    calls: Sequence[ProviderCall], words: Mapping[UUID, NotificationWords]
) -> tuple[list[ProviderCall], list[Move]]:
    """Those of the calls whose addresses may be used, and the moves of the others.

    Until the caller's transaction ends nobody can suppress the addresses, so what is begun in it was begun before.
    """
    contacts = {call.delivery.id: contact for call in calls if (contact := _contact(call))}
    if not contacts:
        return list(calls), []
    hold_still(contacts.values())
    bans = bans_on(set(contacts.values()))
    going, held = [], []
    for call in calls:
        said, contact = words[call.delivery.notification_id], contacts.get(call.delivery.id)
        known = bans.get(contact, ()) if contact else ()
        ban = barred(known, category=said.category, type=said.type)
        if ban is None:
            going.append(call)
        else:
            held.append(Move(call.delivery, "skipped", reason=ban.code, detail={"suppression": ban.reason}))
    return going, held


def _contact(call: ProviderCall) -> Contact | None:
    delivery, address = call.delivery, call.message.address
    return Contact(delivery.tenant_id, delivery.channel, address) if address else None
