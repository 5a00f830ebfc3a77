"""Send a batch: look at what was claimed, decide once more, write the attempts, call the providers, write what came.

Nothing holds a transaction or a connection during a provider call; a heartbeat keeps the leases of calls that last.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from django.db import transaction

from audience.selectors import people
from audience.values import Person, Reachable
from channels_app.accounts import Ways, provider_for, ways_of
from channels_app.breaker import breaker
from channels_app.contract import Account, Message
from channels_app.health import health
from channels_app.limits import limits
from channels_app.registry import channels
from channels_app.rules.retry_after import pause_of
from kernel.clock import monotonic, now
from orchestrator.rules.failover import Tried
from orchestrator.rules.sending import Circumstances, stays
from orchestrator.rules.situation import NOBODY
from orchestrator.rules.timing import Hold, Timing, hold_of, may_wait, place_matters
from orchestrator.selectors import steps_that_succeeded, tries_of, words_of
from orchestrator.services.answers import Answer, write_answers, write_held
from orchestrator.services.calls import begin
from orchestrator.services.caps import hold_back
from orchestrator.services.claim import LEASE_SECONDS
from orchestrator.services.clocks import place_of, zone_of
from orchestrator.services.consented import keep_unagreed
from orchestrator.services.heartbeat import heartbeat
from orchestrator.services.outage import outlast
from orchestrator.services.quarantine import waiting_for_template
from orchestrator.services.quotas import count_begun, keep_within
from orchestrator.services.rendering import Quarantined, Wording, render
from orchestrator.services.routing import ProviderCall, Ready, assign, grouped
from orchestrator.services.settle import settle
from orchestrator.services.spikes import notice
from orchestrator.services.suppressed import keep_back
from orchestrator.services.tracking import tracked
from orchestrator.services.ways_out import WayOut, answerable, keep_ways_out, way_out
from orchestrator.values import CRITICAL, ClaimedDelivery, Move, NotificationWords
from preferences.rules import Jurisdiction, Refusal, Wishes, judged
from preferences.selectors import wishes_of
from preferences.services.centre_links import centre_link
from templates_app.values import RenderError

IN_FLIGHT = 50  # calls begun at once: the most that a killed worker can leave in doubt
FRESH_SECONDS = 2.0  # what was looked at longer ago is looked at again


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one look found for a whole batch."""

    words: Mapping[UUID, NotificationWords]
    people: Mapping[UUID, Person]
    succeeded: set[tuple[UUID, UUID, int]]
    tried: Mapping[UUID, Sequence[Tried]]
    ways: Ways
    wishes: Mapping[UUID, Wishes]


def send_batch(claimed: Sequence[ClaimedDelivery]) -> None:
    """Send deliveries leased to us, or write why not; every one of them is moved on.

    All of them are looked at and put into words together; the calls are begun `IN_FLIGHT` at a time. Those that would
    have to wait for slow ones are looked at again.
    """
    left = sorted(claimed, key=lambda delivery: delivery.id)  # rows are locked in one order by everybody
    at, began = claimed[0].at, monotonic()
    with heartbeat(left):
        while left:
            left = _send(left, at=at + timedelta(seconds=monotonic() - began))
    settle({d.notification_id for d in claimed}, at=at + timedelta(seconds=monotonic() - began))


def _send(claimed: Sequence[ClaimedDelivery], *, at: datetime) -> list[ClaimedDelivery]:
    """Send what can be sent before the look at it is stale; returns the others."""
    looked = monotonic()
    facts = _look(claimed)
    calls, held = _decide(claimed, facts, at=at)
    write_held(held, at=at)
    unsent = {id for id, said in facts.words.items() if not said.was_sent}
    elapsed = 0.0
    while calls and elapsed < FRESH_SECONDS:
        some, calls = calls[:IN_FLIGHT], calls[IN_FLIGHT:]
        begun_at = at + timedelta(seconds=elapsed)
        answers = _call(_begin(some, facts.words, at=begun_at))
        ended_at = begun_at + timedelta(seconds=max((answer.seconds for answer in answers), default=0))
        outlast(partial(write_answers, answers, unsent=unsent, at=ended_at))
        elapsed = monotonic() - looked
    return [call.delivery for call in calls]


def _look(claimed: Sequence[ClaimedDelivery]) -> _Facts:
    later_steps = [(d.notification_id, d.recipient_id, d.step) for d in claimed if d.step]
    return _Facts(
        words=words_of({d.notification_id for d in claimed}),
        people=people({d.recipient_id for d in claimed}),
        succeeded=steps_that_succeeded(later_steps),
        tried=tries_of(claimed),
        ways=ways_of({d.tenant_id for d in claimed}),
        wishes=wishes_of({d.recipient_id for d in claimed if channels.get(d.channel).interrupts}),
    )


@dataclass(frozen=True, slots=True)
class _Going:
    """A delivery that is to be sent, and everything its message is made of."""

    delivery: ClaimedDelivery
    ways: tuple[Account, ...]
    words: NotificationWords
    person: Person
    endpoint: Reachable | None
    way_out: WayOut


def _decide(
    claimed: Sequence[ClaimedDelivery], facts: _Facts, *, at: datetime
) -> tuple[list[ProviderCall], list[Move]]:
    """What goes out, and what does not and why."""
    going: list[_Going] = []
    held: list[Move] = []
    for delivery in claimed:
        found = _judged(delivery, facts, at=at)
        if isinstance(found, Move):
            held.append(found)
        else:
            going.append(found)
    ready: list[Ready] = []
    rendered = render([_wording(go) for go in going])
    said = list(zip(going, rendered, strict=True))
    keep_ways_out([(go.way_out, found) for go, found in said])
    notice(((go.delivery.template_version_id, found) for go, found in said), at=at)
    wanted = [(go.delivery, go.words.policy.tracking, found) for go, found in said]
    for go, content in zip(going, tracked(wanted), strict=True):
        if isinstance(content, RenderError):
            detail = {"detail": str(content)}
            held.append(Move(go.delivery, "failed", "render_error", code=content.code, detail=detail))
        elif isinstance(content, Quarantined):
            held.append(waiting_for_template(go.delivery, at=at))
        else:
            ready.append(Ready(go.delivery, _message(go, content), go.ways))
    calls, waiting = assign(ready, facts.tried, at=at)
    return calls, held + waiting


def _judged(delivery: ClaimedDelivery, facts: _Facts, *, at: datetime) -> _Going | Move:
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
        return _Going(delivery, ways, words, person, endpoint, way_out(delivery, endpoint, words))
    return stay or Move(delivery, "cancelled", reason="cancelled")


@dataclass(frozen=True, slots=True)
class _Whom:
    """The recipient as far as it matters when they may be disturbed."""

    wishes: Wishes
    timezone: str
    place: Jurisdiction | None


def _unwanted(
    delivery: ClaimedDelivery, words: NotificationWords | None, facts: _Facts, *, at: datetime
) -> Refusal | None:
    wishes = facts.wishes.get(delivery.recipient_id)
    if wishes is None or words is None:
        return None
    data = {**words.data, **delivery.data} if delivery.data else words.data
    return judged(wishes, channel=delivery.channel, category=words.category, type=words.type, data=data, at=at)


def _hold(
    delivery: ClaimedDelivery, person: Person | None, words: NotificationWords | None, facts: _Facts, *, at: datetime
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


def _wording(go: _Going) -> Wording:
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
        preference_centre_url=_preference_centre_url(go.delivery),
        answerable=answerable(go.ways, go.endpoint),
    )


def _message(go: _Going, content: msgspec.Struct) -> Message:
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


def _begin(
    calls: Sequence[ProviderCall], words: Mapping[UUID, NotificationWords], *, at: datetime
) -> list[ProviderCall]:
    """Commit an open attempt for every call that is still ours, and still allowed, to make; returns those."""
    if not calls:
        return []
    with transaction.atomic():
        going, held = keep_back(calls, words)
        going, unagreed = keep_unagreed(going, words)
        going, over_cap = hold_back(going, words, at=at)
        going, over_quota, counted = keep_within(going, at=at)
        write_held([*held, *unagreed, *over_cap, *over_quota], at=at)
        begun = begin([(c.delivery, c.account.provider, c.account.key) for c in going], at=at, lease=LEASE_SECONDS)
        count_begun(counted, begun, at=at)
    return [c for c in going if c.delivery.id in begun]


def _call(calls: Sequence[ProviderCall]) -> list[Answer]:
    """Make the calls, the accounts at the same time."""
    groups = list(grouped(calls, by=lambda call: call.account.key).values())
    if len(groups) < 2:
        return [answer for group in groups for answer in _call_account(group)]
    with ThreadPoolExecutor(len(groups), thread_name_prefix="account") as pool:
        return [answer for answers in pool.map(_call_account, groups) for answer in answers]


def _call_account(calls: Sequence[ProviderCall]) -> list[Answer]:
    account = calls[0].account
    provider = provider_for(account)
    began = monotonic()
    results = provider.send([call.message for call in calls], deadline=began + provider.timeout_seconds)
    seconds = monotonic() - began
    breaker.record_results(account.key, results, at=now())
    health.record(account, results, seconds=seconds, at=now())
    if pause := pause_of(results):
        limits.quiet(account.key, seconds=pause.total_seconds())
    return [Answer(call, result, seconds) for call, result in zip(calls, results, strict=True)]
