"""Gather what decisions are taken on: for a whole batch, in a constant number of statements.

A fact that hardly any tenant makes use of costs nothing where nobody does: it is asked for when a case of the batch
needs it. What is gathered here is all that `rules/planning.py` may know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from audience.selectors import people
from audience.values import Person
from channels_app.accounts import Ways
from channels_app.contract import Channel
from channels_app.registry import channels
from notifications.rules.policy import NO_POLICY, TypePolicy
from notifications.rules.states import FANOUT
from notifications.selectors import policies_of
from orchestrator.rules.conditions import met
from orchestrator.rules.planning import candidate_channels
from orchestrator.rules.situation import (
    NOBODY,
    Case,
    ChannelTraits,
    EndpointFacts,
    ExperimentFacts,
    Situation,
    StrategyFacts,
)
from orchestrator.rules.strategies.immediate import IMMEDIATE
from orchestrator.rules.success import ORDINARY
from orchestrator.rules.timing import place_matters
from orchestrator.selectors import Chosen, orchestrations_now
from orchestrator.services.caps import with_uses
from orchestrator.services.clocks import place_of, zone_of
from orchestrator.services.consented import Subject, demands_of, words_about
from orchestrator.services.evidence import with_evidence
from orchestrator.services.exposures import experiment_facts, templates_of_arms
from orchestrator.services.gathering import into_digests
from orchestrator.services.hearsay import told_on
from orchestrator.services.repetitions import Contents, repetitions
from orchestrator.services.suppressed import Bans, bans_against, bans_of
from orchestrator.services.wording import Offered, offered
from orchestrator.values import ClaimedNotification
from preferences.rules import Wishes
from preferences.selectors import wishes_of

Shares = Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Every case with its situations, in the order asked for; and who and what they are about."""

    cases: list[tuple[Case, list[Situation]]]
    people: Mapping[UUID, Person]
    offered: Offered


def gather(brought: Shares, *, ways: Ways, at: datetime, contents: Contents | None = None) -> Facts:
    """The facts for recipients (`{"id": uuid, "data"?: {…}}`) of notifications, in the caller's transaction."""
    orchestrations = orchestrations_now({notification.tenant_id for notification, _ in brought})
    trials = {n.id: trial for n, _ in brought if (trial := orchestrations[n.tenant_id].trial_of(n.type))}
    shares, offers = offered(brought, arms=templates_of_arms(trials))
    ids = [UUID(entry["id"]) for _, recipients in shares for entry in recipients]
    known, wishes = people(ids), wishes_of(ids)
    asked = {name for n, _ in shares for name in candidate_channels(n, known=channels.keys())}
    bans = bans_of(known.values(), channels=asked)
    policies = policies_of({(notification.tenant_id, notification.type) for notification, _ in shares})
    demands = demands_of({_subject(notification, policies) for notification, _ in shares})
    said = words_about(demands.values(), ids)
    told = repetitions(brought, policies, contents=contents, at=at)
    own = {notification.id: notification for notification, _ in brought}
    cases = []
    for notification, recipients in shares:
        experiment = None
        if trial := trials.get(notification.id):
            experiment = experiment_facts(
                trial, orchestrations[notification.tenant_id].strategies, own=own[notification.id], offers=offers
            )
        case = _case(
            notification,
            orchestrations[notification.tenant_id].strategies,
            policies,
            experiment=experiment,
            ways=ways,
            at=at,
        )
        if demand := demands.get(_subject(notification, policies)):
            case = replace(case, consent=demand)
        asks = case.asks
        situations = []
        for entry in recipients:
            id = UUID(entry["id"])
            situation = _situation(case, id, entry, known.get(id), wishes.get(id), bans, ways)
            if case.consent and id in said:
                consents = tuple(word for word in said[id] if word.purpose == case.consent.purpose)
                situation = replace(situation, consents=consents)
            if case.experiment and (person := known.get(id)):
                situation = replace(situation, arm=case.arm_of(person.external_id))
            if asks:
                situation = replace(situation, meets=_meets(asks, known.get(id)))
            if first := told.get((notification.id, id)):
                situation = replace(situation, duplicate_of=first)
            situations.append(situation)
        cases.append((case, situations))
    return Facts(into_digests(with_uses(with_evidence(cases, ways=ways, at=at), at=at)), known, offers)


def _subject(notification: ClaimedNotification, policies: Mapping[tuple[UUID, str], TypePolicy]) -> Subject:
    """What consent is needed for it by."""
    policy = policies.get((notification.tenant_id, notification.type), NO_POLICY)
    return notification.tenant_id, notification.category, policy.purpose


def _case(
    notification: ClaimedNotification,
    known_strategies: Mapping[str, Chosen],
    policies: Mapping[tuple[UUID, str], TypePolicy],
    *,
    experiment: ExperimentFacts | None,
    ways: Ways,
    at: datetime,
) -> Case:
    # A strategy that was deleted after the notification was accepted must not hold it up.
    chosen = known_strategies.get(notification.strategy) or known_strategies[IMMEDIATE.key]
    policy = policies.get((notification.tenant_id, notification.type), NO_POLICY)
    arms = experiment.arms if experiment else ()
    configurations = [chosen.configuration, *(arm.strategy.configuration for arm in arms if arm.strategy)]
    asked = policy.success or any(one.get("success") for one in configurations)
    return Case(
        notification=notification,
        strategy=StrategyFacts(notification.strategy, chosen.strategy.key, chosen.version, chosen.configuration),
        channels=tuple(
            _traits(channels.get(name), notification, policy if asked else None, ways)
            for name in candidate_channels(notification, known=channels.keys())
        ),
        at=at,
        policy=policy,
        experiment=experiment,
        tallied=notification.segment_id is not None or notification.recipient_count >= FANOUT,
    )


def _traits(channel: Channel, notification: ClaimedNotification, heard: TypePolicy | None, ways: Ways) -> ChannelTraits:
    """`heard`: the policy of the type, where it matters what is ever heard of a message."""
    accounts = ways.to(channel.key, mode=notification.mode, tenant_id=notification.tenant_id)
    return ChannelTraits(
        channel.key,
        provided=bool(accounts),
        needs_endpoint=channel.needs_endpoint,
        fan_out=channel.fan_out,
        interrupts=channel.interrupts,
        tells=told_on(channel, accounts, heard) if heard else ORDINARY,
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
    category, asked = case.notification.category, {channel.key for channel in case.channels}
    return Situation(
        recipient_id=recipient_id,
        timezone=zone_of(person, wishes, at=case.at),
        endpoints=endpoints,
        known=person is not None,
        wishes=wishes or NOBODY,
        place=place_of(person, wishes, at=case.at) if place_matters(category, case.policy, asked) else None,
        data=entry.get("data"),
    )


def _meets(asked: Sequence[Mapping[str, Any]], person: Person | None) -> tuple[str, ...]:
    """What conditions ask of the person and find so; the answers are kept with the decision, the person is not."""
    if person is None:
        return ()
    shown = {
        "id": person.external_id,
        "locale": person.locale,
        "timezone": person.timezone,
        "attributes": person.attributes,
    }
    return met(asked, recipient=shown)
