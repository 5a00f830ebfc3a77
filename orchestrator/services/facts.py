"""Gather what decisions are taken on: for a whole batch, in a constant number of statements.

A fact that hardly any tenant makes use of costs nothing where nobody does: it is asked for when a case of the batch
needs it. What is gathered here is all that `rules/planning.py` may know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple
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
    Situation,
    StrategyFacts,
)
from orchestrator.rules.strategies.immediate import IMMEDIATE
from orchestrator.rules.success import ORDINARY
from orchestrator.rules.timing import place_matters
from orchestrator.selectors import Orchestration, Trial, orchestrations_now
from orchestrator.services.activity import minutes_idle
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
from preferences.rules.consent import Demand, Said
from preferences.selectors import wishes_of

Shares = Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Every case with its situations, in the order asked for; and who and what they are about."""

    cases: list[tuple[Case, list[Situation]]]
    people: Mapping[UUID, Person]
    wishes: Mapping[UUID, Wishes]
    offered: Offered


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that was looked up for a batch. `own`: the notifications as they were accepted, by id."""

    orchestrations: Mapping[UUID, Orchestration]
    trials: Mapping[UUID, Trial]
    offered: Offered
    own: Mapping[UUID, ClaimedNotification]
    people: Mapping[UUID, Person]
    wishes: Mapping[UUID, Wishes]
    bans: Bans
    policies: Mapping[tuple[UUID, str], TypePolicy]
    demands: Mapping[Subject, Demand]
    said: Mapping[UUID, Sequence[Said]]
    ways: Ways
    at: datetime

    def policy(self, notification: ClaimedNotification) -> TypePolicy:
        return self.policies.get((notification.tenant_id, notification.type), NO_POLICY)


def gather(brought: Shares, *, ways: Ways, at: datetime, contents: Contents | None = None) -> Facts:
    """The facts for recipients (`{"id": uuid, "data"?: {…}}`) of notifications, in the caller's transaction."""
    orchestrations = orchestrations_now({notification.tenant_id for notification, _ in brought})
    trials = {n.id: trial for n, _ in brought if (trial := orchestrations[n.tenant_id].trial_of(n.type))}
    shares, offers = offered(brought, arms=templates_of_arms(trials))
    ids_of = [[UUID(entry["id"]) for entry in recipients] for _, recipients in shares]
    ids = list(chain.from_iterable(ids_of))
    persons = people(ids)
    asked = {name for n, _ in shares for name in candidate_channels(n, known=channels.keys())}
    policies = policies_of({(notification.tenant_id, notification.type) for notification, _ in shares})
    demands = demands_of({_subject(n, policies.get((n.tenant_id, n.type), NO_POLICY)) for n, _ in shares})
    known = _Known(
        orchestrations=orchestrations,
        trials=trials,
        offered=offers,
        own={notification.id: notification for notification, _ in brought},
        people=persons,
        wishes=wishes_of(ids),
        bans=bans_of(persons.values(), channels=asked),
        policies=policies,
        demands=demands,
        said=words_about(demands.values(), ids),
        ways=ways,
        at=at,
    )
    decided = [_case(notification, known) for notification, _ in shares]
    idle = minutes_idle(zip(decided, ids_of, strict=True), at=at)  # asks Redis, too: nothing may be locked by then
    told = repetitions(brought, policies, contents=contents, at=at)
    cases = [
        _with_situations(case, zip(mine, recipients, strict=True), known, idle=idle, told=told)
        for case, mine, (_, recipients) in zip(decided, ids_of, shares, strict=True)
    ]
    return Facts(into_digests(with_uses(with_evidence(cases, ways=ways, at=at), at=at)), persons, known.wishes, offers)


def _subject(notification: ClaimedNotification, policy: TypePolicy) -> Subject:
    """What consent is needed for it by."""
    return notification.tenant_id, notification.category, policy.purpose


def _case(notification: ClaimedNotification, known: _Known) -> Case:
    orchestration, policy = known.orchestrations[notification.tenant_id], known.policy(notification)
    # A strategy that was deleted after the notification was accepted must not hold it up.
    chosen = orchestration.strategies.get(notification.strategy) or orchestration.strategies[IMMEDIATE.key]
    trial = known.trials.get(notification.id)
    own = known.own[notification.id]
    experiment = experiment_facts(trial, orchestration.strategies, own=own, offers=known.offered) if trial else None
    arms = experiment.arms if experiment else ()
    configurations = [chosen.configuration, *(arm.strategy.configuration for arm in arms if arm.strategy)]
    hears = policy.success or any(one.get("success") for one in configurations)
    return Case(
        notification=notification,
        strategy=StrategyFacts(notification.strategy, chosen.strategy.key, chosen.version, chosen.configuration),
        channels=tuple(
            _traits(channels.get(name), notification, policy if hears else None, known.ways)
            for name in candidate_channels(notification, known=channels.keys())
        ),
        at=known.at,
        policy=policy,
        experiment=experiment,
        consent=known.demands.get(_subject(notification, policy)),
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


def _with_situations(
    case: Case,
    recipients: Iterable[tuple[UUID, Mapping[str, Any]]],
    known: _Known,
    *,
    idle: Mapping[UUID, float],
    told: Mapping[tuple[UUID, UUID], UUID],
) -> tuple[Case, list[Situation]]:
    asked = _Asked(
        asks=case.asks,
        idle=idle,
        told=told,
        place=place_matters(case.notification.category, case.policy, {channel.key for channel in case.channels}),
        channels=tuple(channel.key for channel in case.channels if channel.needs_endpoint and channel.provided),
    )
    return case, [_situation(case, id, entry, known, asked) for id, entry in recipients]


class _Asked(NamedTuple):
    """What a case wants to know of its people: what conditions ask, who was active lately and was told the same
    before, whether it matters where they are, and on which channels they are to be reached."""

    asks: Sequence[Mapping[str, Any]]
    idle: Mapping[UUID, float]  # minutes since they were active
    told: Mapping[tuple[UUID, UUID], UUID]  # (notification, recipient) → the notification that told the same before
    place: bool
    channels: Sequence[str]


def _situation(case: Case, id: UUID, entry: Mapping[str, Any], known: _Known, asked: _Asked) -> Situation:
    person, wishes = known.people.get(id), known.wishes.get(id)
    return Situation(
        recipient_id=id,
        timezone=zone_of(person, wishes, at=case.at),
        endpoints=_endpoints(case, person, known, asked.channels) if person else {},
        known=person is not None,
        wishes=wishes or NOBODY,
        duplicate_of=asked.told.get((case.notification.id, id)) if asked.told else None,
        data=entry.get("data"),
        place=place_of(person, wishes, at=case.at) if asked.place else None,
        meets=_meets(asked.asks, person, idle=asked.idle.get(id)) if asked.asks and person else (),
        consents=_words(case.consent, known.said.get(id, ())) if case.consent else (),
        arm=case.arm_of(person.external_id) if case.experiment and person else "",
    )


def _endpoints(case: Case, person: Person, known: _Known, asked: Sequence[str]) -> dict[str, tuple[EndpointFacts, ...]]:
    mode, tenant_id, bans = case.notification.mode, case.notification.tenant_id, known.bans
    return {
        channel: tuple(
            [
                EndpointFacts(
                    endpoint.id,
                    carried=bool(known.ways.to(channel, mode=mode, tenant_id=tenant_id, kind=endpoint.kind)),
                    bans=bans_against(bans, endpoint, tenant_id=tenant_id) if bans else (),
                )
                for endpoint in addresses
            ]
        )
        for channel in asked
        if (addresses := person.endpoints.get(channel))
    }


def _words(demand: Demand, said: Sequence[Said]) -> tuple[Said, ...]:
    return tuple(word for word in said if word.purpose == demand.purpose)


def _meets(asked: Sequence[Mapping[str, Any]], person: Person, *, idle: float | None) -> tuple[str, ...]:
    """What conditions ask of the person and find so; the answers are kept with the decision, the person is not."""
    shown: dict[str, Any] = {
        "id": person.external_id,
        "locale": person.locale,
        "timezone": person.timezone,
        "attributes": person.attributes,
    }
    if idle is not None:
        shown["activity"] = idle
    return met(asked, recipient=shown)
