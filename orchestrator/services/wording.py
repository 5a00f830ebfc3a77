"""With which words a delivery goes out: decided at planning from what the template offers then, and kept with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from msgspec import structs

from audience.values import Person
from orchestrator.values import ClaimedNotification, PlannedDelivery
from templates_app.rules.offers import Offer
from templates_app.selectors import offers

Shares = Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]]
TemplatesOfArms = Mapping[UUID, Mapping[str, str]]  # by notification: the template of each arm that has its own


@dataclass(frozen=True, slots=True)
class Offered:
    """What the templates of notifications have to say, and what those of arms of an experiment on them have."""

    by_notification: Mapping[UUID, Offer] = field(default_factory=dict)
    by_arm: Mapping[tuple[UUID, str], Offer] = field(default_factory=dict)

    def to(self, notification_id: UUID, arm: str) -> Offer | None:
        """What is offered to those in an arm; in none of them, or in one without words of its own, to all."""
        return self.by_arm.get((notification_id, arm)) or self.by_notification.get(notification_id)


def offered(shares: Shares, *, arms: TemplatesOfArms) -> tuple[Shares, Offered]:
    """The notifications with every channel that their template, or one of an arm, has words for; and the offers."""
    named = {(n.tenant_id, n.template) for n, _ in shares if n.template}
    named |= {(n.tenant_id, template) for n, _ in shares for template in arms.get(n.id, {}).values()}
    if not named:
        return shares, Offered()
    found = offers(named)
    by_notification = {n.id: found[n.tenant_id, n.template] for n, _ in shares if (n.tenant_id, n.template) in found}
    by_arm = {
        (n.id, arm): found[n.tenant_id, template]
        for n, _ in shares
        for arm, template in arms.get(n.id, {}).items()
        if (n.tenant_id, template) in found
    }
    wider = [
        (_with_channels(n, by_notification.get(n.id), *(by_arm.get((n.id, arm)) for arm in arms.get(n.id, ()))), people)
        for n, people in shares
    ]
    return wider, Offered(by_notification, by_arm)


def worded(
    deliveries: Iterable[PlannedDelivery],
    asked: Shares,
    *,
    offered: Offered,
    known: Mapping[UUID, Person],
    arms: Mapping[tuple[UUID, UUID], str],
) -> list[PlannedDelivery]:
    """Each delivery with its version and locale. `asked` are the notifications with the words they brought along,
    which need neither; `arms` are those of (notification, recipient).
    """
    if not offered.by_notification and not offered.by_arm:
        return list(deliveries)
    own = {n.id: n.content_channels for n, _ in asked}
    return [
        _worded(
            delivery,
            offered.to(delivery.notification_id, arms.get((delivery.notification_id, delivery.recipient_id), "")),
            known.get(delivery.recipient_id),
        )
        if delivery.state == "pending" and delivery.channel not in own[delivery.notification_id]
        else delivery
        for delivery in deliveries
    ]


def _with_channels(notification: ClaimedNotification, *offers: Offer | None) -> ClaimedNotification:
    spoken = dict.fromkeys(name for offer in offers if offer for name in offer.channels())
    more = tuple(name for name in spoken if name not in notification.content_channels)
    if not more:
        return notification
    return replace(notification, content_channels=(*notification.content_channels, *more))


def _worded(delivery: PlannedDelivery, offer: Offer | None, person: Person | None) -> PlannedDelivery:
    if offer is None:
        return delivery
    locale = person.locale if person else ""
    chosen = offer.choose(delivery.channel, locale=locale, recipient_id=delivery.recipient_id)
    if chosen is None:
        return delivery
    return structs.replace(delivery, template_version_id=chosen.version_id, locale=chosen.locale)
