"""Look at deliveries that are about to go: whether each still may, and what its message is made of."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from audience.selectors import people
from audience.values import Person, Reachable
from channels_app.accounts import Ways, ways_of
from channels_app.contract import Account, Message
from channels_app.registry import channels
from kernel.clock import monotonic
from orchestrator.rules.failover import Tried
from orchestrator.rules.sending import Circumstances, stays
from orchestrator.rules.situation import NOBODY
from orchestrator.rules.timing import Hold, Timing, hold_of, may_wait, place_matters
from orchestrator.selectors import steps_that_succeeded, tries_of, words_of
from orchestrator.services.clocks import place_of, zone_of
from orchestrator.services.rendering import Wording
from orchestrator.services.ways_out import WayOut, answerable, way_out
from orchestrator.values import CRITICAL, ClaimedDelivery, Move, NotificationWords
from preferences.rules import Jurisdiction, Refusal, Wishes, judged
from preferences.selectors import wishes_of
from preferences.services.centre_links import centre_link


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody of this process has just seen of people; `since`, on its monotonic clock."""

    people: Mapping[UUID, Person]
    wishes: Mapping[UUID, Wishes]
    since: float

    def and_also(self, more: "Seen") -> "Seen":
        """Both; it counts from the earlier look."""
        return Seen({**self.people, **more.people}, {**self.wishes, **more.wishes}, min(self.since, more.since))


NOTHING_SEEN = Seen({}, {}, math.inf)


@dataclass(frozen=True, slots=True)
class Facts:
    """What one look found for a whole batch."""

    words: Mapping[UUID, NotificationWords]
    people: Mapping[UUID, Person]
    succeeded: set[tuple[UUID, UUID, int]]
    tried: Mapping[UUID, Sequence[Tried]]
    ways: Ways
    wishes: Mapping[UUID, Wishes]
    since: float  # on the monotonic clock of this process


def look(claimed: Sequence[ClaimedDelivery], seen: Seen = NOTHING_SEEN) -> Facts:
    """What must be known of deliveries before they go, in a constant number of statements; but for what was `seen`."""
    began = monotonic()
    later_steps = [(d.notification_id, d.recipient_id, d.step) for d in claimed if d.step]
    return Facts(
        words=words_of({d.notification_id for d in claimed}),
        people=seen.people or people({d.recipient_id for d in claimed}),
        succeeded=steps_that_succeeded(later_steps),
        tried=tries_of(claimed),
        ways=ways_of({d.tenant_id for d in claimed}),
        wishes=seen.wishes
        if seen.people
        else wishes_of({d.recipient_id for d in claimed if channels.get(d.channel).interrupts}),
        since=min(began, seen.since),
    )


class Going(msgspec.Struct, frozen=True):
    """A delivery that is to be sent, and everything its message is made of."""

    delivery: ClaimedDelivery
    ways: tuple[Account, ...]
    words: NotificationWords
    person: Person
    endpoint: Reachable | None
    way_out: WayOut


def check(delivery: ClaimedDelivery, facts: Facts, *, at: datetime) -> Going | Move:
    """What the message is made of, or why it does not go now: what may have changed since it was planned counts."""
    words, person = facts.words.get(delivery.notification_id), facts.people.get(delivery.recipient_id)
    endpoint = _endpoint(delivery, person)
    kind = endpoint.kind if endpoint else ""
    ways = facts.ways.to(delivery.channel, mode=delivery.mode, tenant_id=delivery.tenant_id, kind=kind)
    hold = _hold(delivery, person, words, facts, at=at)
    found = Circumstances(
        notification_status=words.status if words else "",
        earlier_step_succeeded=(delivery.notification_id, delivery.recipient_id, delivery.step) in facts.succeeded,
        reachable=person is not None and (endpoint is not None or delivery.endpoint_id is None),
        has_account=bool(ways),
        unwanted=_unwanted(delivery, words, facts, at=at),
        hold=hold,
        may_wait=words is None or hold is None or may_wait(words.policy, hold),
    )
    stay = stays(delivery, found, at=at)
    if stay is None and words is not None and person is not None:
        return Going(delivery, ways, words, person, endpoint, way_out(delivery, endpoint, words))
    return stay or Move(delivery, "cancelled", reason="cancelled")


class _Whom(msgspec.Struct, frozen=True):
    """The recipient as far as it matters when they may be disturbed."""

    wishes: Wishes
    timezone: str
    place: Jurisdiction | None


def _unwanted(
    delivery: ClaimedDelivery, words: NotificationWords | None, facts: Facts, *, at: datetime
) -> Refusal | None:
    wishes = facts.wishes.get(delivery.recipient_id)
    if wishes is None or words is None:
        return None
    data = {**words.data, **delivery.data} if delivery.data else words.data
    return judged(wishes, channel=delivery.channel, category=words.category, type=words.type, data=data, at=at)


def _hold(
    delivery: ClaimedDelivery, person: Person | None, words: NotificationWords | None, facts: Facts, *, at: datetime
) -> Hold | None:
    if words is None:
        return None
    wishes = facts.wishes.get(delivery.recipient_id, NOBODY)
    somewhere = place_matters(words.category, words.policy, (delivery.channel,))
    whom = _Whom(wishes, zone_of(person, wishes, at=at), place_of(person, wishes, at=at) if somewhere else None)
    interrupts = channels.get(delivery.channel).interrupts
    about = Timing(words.category, words.policy, critical=delivery.priority == CRITICAL, interrupts=interrupts)
    return hold_of(about, whom, channel=delivery.channel, expires_at=delivery.expires_at, at=at)


def _endpoint(delivery: ClaimedDelivery, person: Person | None) -> Reachable | None:
    if person is None or delivery.endpoint_id is None:
        return None
    ways = person.endpoints.get(delivery.channel, ())
    return next((endpoint for endpoint in ways if endpoint.id == delivery.endpoint_id), None)


def wording_of(go: Going) -> Wording:
    """What its words are made of."""
    return Wording(
        channel=go.delivery.channel,
        content=go.words.content,
        data=go.words.data,
        own_data=go.delivery.data,
        person=go.person,
        notification_id=go.words.id,
        type=go.words.type,
        at=go.delivery.created_at,
        tenant_id=go.delivery.tenant_id,
        template_version_id=go.delivery.template_version_id,
        locale=go.delivery.locale,
        category=go.words.category,
        unsubscribe_url=go.way_out.url,
        preference_centre_url=partial(_preference_centre_url, go.delivery),
        answerable=answerable(go.ways, go.endpoint),
    )


def message_of(go: Going, content: msgspec.Struct) -> Message:
    """What its provider is given."""
    delivery, endpoint = go.delivery, go.endpoint
    return Message(
        delivery_id=delivery.id,
        tenant_id=delivery.tenant_id,
        notification_id=delivery.notification_id,
        recipient_id=delivery.recipient_id,
        recipient=go.person.external_id,
        address=endpoint.address if endpoint else "",
        content=content,
        idempotency_key=str(delivery.id),
        kind=endpoint.kind if endpoint else "",
        endpoint_extra=endpoint.extra if endpoint else {},
        mode=delivery.mode,
        traceparent=go.words.traceparent,
        metadata=go.words.metadata,
        written_at=delivery.created_at,
        unsubscribe_url=go.way_out.url if go.way_out.kept is None else "",
    )


def _preference_centre_url(delivery: ClaimedDelivery) -> str:
    """The same over all attempts: it counts from when the delivery was written."""
    url, _ = centre_link(delivery.tenant_id, delivery.recipient_id, at=delivery.created_at)
    return url
