"""With which words a delivery goes out: decided at planning from what the template offers then, and kept with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from audience.values import Person
from orchestrator.values import ClaimedNotification, PlannedDelivery
from templates_app.rules.offers import Offer
from templates_app.selectors import offers

Shares = Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]]
Offered = Mapping[UUID, Offer]  # by notification


def offered(shares: Shares) -> tuple[Shares, Offered]:
    """The notifications with every channel that their template has words for, and what the templates offer."""
    named = {(n.tenant_id, n.template) for n, _ in shares if n.template}
    if not named:
        return shares, {}
    found = offers(named)
    by_notification = {n.id: found[n.tenant_id, n.template] for n, _ in shares if (n.tenant_id, n.template) in found}
    return [(_with_channels(n, by_notification.get(n.id)), people) for n, people in shares], by_notification


def worded(
    deliveries: Iterable[PlannedDelivery], asked: Shares, *, offered: Offered, known: Mapping[UUID, Person]
) -> list[PlannedDelivery]:
    """Each delivery with its version and locale. `asked` are the notifications with the words they brought along,
    which need neither.
    """
    if not offered:
        return list(deliveries)
    own = {n.id: n.content_channels for n, _ in asked}
    return [
        _worded(delivery, offered.get(delivery.notification_id), known.get(delivery.recipient_id))
        if delivery.state == "pending" and delivery.channel not in own[delivery.notification_id]
        else delivery
        for delivery in deliveries
    ]


def _with_channels(notification: ClaimedNotification, offer: Offer | None) -> ClaimedNotification:
    if offer is None:
        return notification
    more = tuple(name for name in offer.channels() if name not in notification.content_channels)
    return replace(notification, content_channels=(*notification.content_channels, *more))


def _worded(delivery: PlannedDelivery, offer: Offer | None, person: Person | None) -> PlannedDelivery:
    if offer is None:
        return delivery
    locale = person.locale if person else ""
    chosen = offer.choose(delivery.channel, locale=locale, recipient_id=delivery.recipient_id)
    if chosen is None:
        return delivery
    return replace(delivery, template_version_id=chosen.version_id, locale=chosen.locale)
