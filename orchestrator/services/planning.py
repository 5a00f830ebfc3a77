"""Plan a batch: from notifications to deliveries, a page of recipients at a time, each page one transaction."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audience.selectors import people, segment_page
from audience.values import Person
from channels_app.accounts import Ways, ways_of
from channels_app.contract import Channel
from channels_app.registry import channels
from events.bells import ring
from kernel.metrics import ORCHESTRATION_SECONDS
from notifications.rules.policy import NO_POLICY, TypePolicy
from notifications.rules.states import FANOUT
from notifications.selectors import policies_of
from notifications.values import PRIORITY_NAME
from orchestrator.rules.duplicates import Sight, sight_of
from orchestrator.rules.planning import Decision, candidate_channels
from orchestrator.rules.planning import decide as decided
from orchestrator.rules.situation import NOBODY, Case, ChannelTraits, EndpointFacts, Situation, StrategyFacts
from orchestrator.rules.strategies.immediate import IMMEDIATE
from orchestrator.selectors import Chosen, strategies_now
from orchestrator.services import recurrence, sightings
from orchestrator.services.claim import PLAN_LEASE_SECONDS
from orchestrator.services.clocks import zone_of
from orchestrator.services.decisions import keep
from orchestrator.services.suppressed import Bans, bans_against, bans_of
from orchestrator.services.wording import offered, worded
from orchestrator.services.write import LeaseLost, Planned, write_plan
from orchestrator.values import ClaimedNotification, PlannedDelivery
from preferences.rules import Wishes
from preferences.selectors import wishes_of

PAGE = 500  # recipients planned in one transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Share:
    """The recipients of one notification that belong to a page, and where it stands after them."""

    planned: Planned
    recipients: tuple[Mapping[str, Any], ...]  # {"id": uuid, "data"?: {…}}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for each recipient, and the deliveries of all of them with the words they go out with."""

    decisions: list[Decision]
    deliveries: list[PlannedDelivery]


def plan_batch(claimed: Sequence[ClaimedNotification]) -> list[UUID]:
    """Plan notifications leased to us; returns the ids of those that are wholly planned.

    A page that fails is planned again notification by notification, so that one bad item does not stop the others; the
    bad one is left to its lease.
    """
    finished: list[UUID] = []
    broken: set[UUID] = set()
    for page in _pages(claimed):
        # What failed once is left alone: a later page of it would leave the failed one out for good.
        shares = [share for share in page if share.planned.notification.id not in broken]
        try:
            finished += _plan_page(shares)
        except Exception as trouble:  # noqa: BLE001 - one bad item must not stop its batch
            _tell(trouble, shares)
            for share in shares:
                try:
                    finished += _plan_page([share]) if len(shares) > 1 else []
                except Exception as worse:  # noqa: BLE001
                    _tell(worse, [share])
                    broken.add(share.planned.notification.id)
            if len(shares) == 1:
                broken.add(shares[0].planned.notification.id)
    return finished


def _tell(trouble: Exception, shares: Sequence[_Share]) -> None:
    ids = [str(share.planned.notification.id) for share in shares]
    if isinstance(trouble, LeaseLost):
        log.warning("plan.lease_lost", extra={"notifications": ids})
    else:
        log.error("plan.failed", exc_info=trouble, extra={"notifications": ids})


def _pages(claimed: Sequence[ClaimedNotification]) -> Iterator[list[_Share]]:
    """Pages of at most `PAGE` recipients; a page holds each notification at most once, so shares of one go in order."""
    page: list[_Share] = []
    room = PAGE
    for notification in claimed:
        for share in _shares(notification):
            if page and (len(share.recipients) > room or page[-1].planned.notification.id == notification.id):
                yield page
                page, room = [], PAGE
            page.append(share)
            room -= len(share.recipients)
    if page:
        yield page


def _shares(notification: ClaimedNotification) -> Iterator[_Share]:
    position, count = notification.plan_position, notification.planned_count
    while True:
        recipients, position = _next_recipients(notification, position)
        count += len(recipients)
        done = len(recipients) < PAGE
        total = count if done else max(notification.recipient_count, count)
        yield _Share(Planned(notification, position, count, total, done), recipients)
        if done:
            return


def _next_recipients(notification: ClaimedNotification, position: str) -> tuple[tuple[Mapping[str, Any], ...], str]:
    if notification.segment_id is None:
        start = int(position or 0)
        recipients = notification.recipients[start : start + PAGE]
        return recipients, str(start + len(recipients))
    after = UUID(position) if position else None
    ids = segment_page(notification.tenant_id, notification.segment_id, after_recipient_id=after, limit=PAGE)
    return tuple({"id": str(found)} for found in ids), str(ids[-1]) if ids else position


def decide(
    shares: Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]], *, ways: Ways, at: datetime
) -> Decided:
    """Decide for recipients (`{"id": uuid, "data"?: {…}}`) of notifications; facts are gathered once for all."""
    brought = shares
    shares, offers = offered(brought)
    ids = [UUID(entry["id"]) for _, recipients in shares for entry in recipients]
    known, wishes = people(ids), wishes_of(ids)
    asked = {name for n, _ in shares for name in candidate_channels(n, known=channels.keys())}
    bans = bans_of(known.values(), channels=asked)
    strategies = strategies_now({notification.tenant_id for notification, _ in shares})
    policies = policies_of({(notification.tenant_id, notification.type) for notification, _ in shares})
    repeated = sightings.duplicates(_sights(shares, at=at))
    told = {(sight.notification_id, sight.recipient_id): first for sight, first in repeated.items()}
    decisions: list[Decision] = []
    for notification, recipients in shares:
        case = _case(notification, strategies[notification.tenant_id], policies, ways=ways, at=at)
        for entry in recipients:
            id = UUID(entry["id"])
            situation = _situation(case, id, entry, known.get(id), wishes.get(id), bans, ways)
            if first := told.get((notification.id, id)):
                situation = replace(situation, duplicate_of=first)
            decisions.append(decided(case, situation))
    planned = (delivery for decision in decisions for delivery in decision.deliveries)
    return Decided(decisions, worded(planned, brought, offered=offers, known=known))


def _sights(shares: Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]], *, at: datetime) -> list[Sight]:
    """What must not be said to the same person twice."""
    found: list[Sight] = []
    for notification, recipients in shares:
        if not notification.dedup:
            continue
        minutes = int(notification.dedup.get("window_minutes", settings.ORCHESTRATOR.dedup_window_minutes))
        sights = (sight_of(notification, UUID(entry["id"]), window_minutes=minutes, at=at) for entry in recipients)
        found += [sight for sight in sights if sight is not None]
    return found


def _plan_page(page: Sequence[_Share]) -> list[UUID]:
    if not page:
        return []
    ways = ways_of({share.planned.notification.tenant_id for share in page})
    with transaction.atomic():
        at = page[0].planned.notification.at
        found = decide([(share.planned.notification, share.recipients) for share in page], ways=ways, at=at)
        write_plan([share.planned for share in page], found.deliveries, at=at, lease=PLAN_LEASE_SECONDS)
        keep(found.decisions, pages={share.planned.notification.id: share.planned.position for share in page})
        for share in page:
            if share.planned.notification.recurrence and not share.planned.notification.plan_position:
                recurrence.accept_next(share.planned.notification)
    # Senders need not wait until the last page of a large audience is planned.
    ring({f"send.{PRIORITY_NAME[s.planned.notification.priority]}" for s in page if not s.planned.done})
    done = [share.planned.notification for share in page if share.planned.done]
    for notification in done:
        seconds = (notification.at - notification.created_at).total_seconds()
        ORCHESTRATION_SECONDS.labels(PRIORITY_NAME[notification.priority]).observe(max(seconds, 0))
    return [notification.id for notification in done]


def _case(
    notification: ClaimedNotification,
    known_strategies: Mapping[str, Chosen],
    policies: Mapping[tuple[UUID, str], TypePolicy],
    *,
    ways: Ways,
    at: datetime,
) -> Case:
    # A strategy that was deleted after the notification was accepted must not hold it up.
    chosen = known_strategies.get(notification.strategy) or known_strategies[IMMEDIATE.key]
    return Case(
        notification=notification,
        strategy=StrategyFacts(notification.strategy, chosen.strategy.key, chosen.version, chosen.configuration),
        channels=tuple(
            _traits(channels.get(name), notification, ways)
            for name in candidate_channels(notification, known=channels.keys())
        ),
        at=at,
        policy=policies.get((notification.tenant_id, notification.type), NO_POLICY),
        tallied=notification.segment_id is not None or notification.recipient_count >= FANOUT,
    )


def _traits(channel: Channel, notification: ClaimedNotification, ways: Ways) -> ChannelTraits:
    return ChannelTraits(
        channel.key,
        provided=bool(ways.to(channel.key, mode=notification.mode, tenant_id=notification.tenant_id)),
        needs_endpoint=channel.needs_endpoint,
        fan_out=channel.fan_out,
        interrupts=channel.interrupts,
    )


def _situation(
    case: Case,
    recipient_id: UUID,
    entry: Mapping[str, Any],
    person: Person | None,
    wishes: Wishes | None,
    bans: Bans,
    ways: Ways,
) -> Situation:
    mode, tenant_id = case.notification.mode, case.notification.tenant_id
    endpoints: dict[str, tuple[EndpointFacts, ...]] = {}
    for channel in case.channels:
        addresses = (
            person.endpoints.get(channel.key) if person and channel.needs_endpoint and channel.provided else None
        )
        if addresses:
            endpoints[channel.key] = tuple(
                EndpointFacts(
                    endpoint.id,
                    carried=bool(ways.to(channel.key, mode=mode, tenant_id=tenant_id, kind=endpoint.kind)),
                    bans=bans_against(bans, endpoint, tenant_id=tenant_id),
                )
                for endpoint in addresses
            )
    return Situation(
        recipient_id=recipient_id,
        timezone=zone_of(person),
        endpoints=endpoints,
        known=person is not None,
        wishes=wishes or NOBODY,
        data=entry.get("data"),
    )
