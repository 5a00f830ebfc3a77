"""What holds for whatever people said and are: a further no adds nothing, and no order of inputs matters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from notifications.rules.policy import CapsPolicy, TypePolicy
from orchestrator.rules.planning import decide
from orchestrator.rules.record import outcome
from orchestrator.rules.situation import Case, ChannelTraits, EndpointFacts, Situation, StrategyFacts, Use
from orchestrator.rules.strategy import strategies
from preferences.rules import Ban, Level, Reason, level_in, wishes_among
from preferences.rules.consent import Demand, Said
from preferences.rules.levels import OVERRIDE, RANKS
from tests.make import AT, a_claimed_notification

CHANNELS = ("email", "sms", "push", "in_app")
FRUGAL = {"levels": {name: {"begin_with": 1, "rest": "never"} for name in ("critical", "high", "medium", "low")}}
KINDS = [StrategyFacts(one.key, one.key, configuration=one.defaults) for one in strategies] + [
    StrategyFacts("frugal", "priority_based", configuration=FRUGAL)
]
HOUR = timedelta(hours=1)

choices = st.booleans() | st.dictionaries(st.sampled_from(CHANNELS), st.booleans())
conditions = st.builds(
    lambda how, op, value: {how: {"path": "data.n", "op": op, "value": value}},
    st.sampled_from(("mute", "only_if")),
    st.sampled_from(("<", ">=")),
    st.integers(0, 6),
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "channels": st.dictionaries(st.sampled_from(CHANNELS), st.booleans()),
        "categories": st.fixed_dictionaries({"marketing": choices}),
        "types": st.fixed_dictionaries({"offer": choices}),
        "quiet_hours": st.just([{"from": "11:00", "to": "13:00"}]),
        "frequency": st.fixed_dictionaries({"type:offer": st.just({"mode": "off"})}),
        "conditions": st.lists(conditions, max_size=2),
        "channel_order": st.permutations(CHANNELS),
    },
)
levels = st.dictionaries(st.sampled_from(sorted(RANKS)), documents).map(
    lambda said: tuple(level_in(document, name, id="1" if name == OVERRIDE else "") for name, document in said.items())
)
bans = st.lists(
    st.builds(Ban, st.sampled_from(list(Reason)), st.sampled_from(("", "category:marketing", "type:offer"))), max_size=2
)
addresses = st.dictionaries(st.sampled_from(CHANNELS[:3]), st.lists(bans, max_size=2))
words = st.lists(
    st.builds(
        Said,
        st.just("marketing"),
        st.sampled_from((*CHANNELS, "all")),
        st.booleans(),
        st.integers(1, 9).map(lambda hours: AT - hours * HOUR),
    ),
    max_size=4,
)
uses = st.lists(
    st.builds(
        lambda n, hours, sent: Use(UUID(int=n), AT - hours * HOUR, "offer", "marketing", 2, sent=sent),
        st.integers(1, 99),
        st.integers(1, 30),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda use: use.notification_id,
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    found: Mapping[str, Sequence[Sequence[Ban]]] = draw(addresses)
    return Situation(
        UUID(int=draw(st.integers(1, 50))),
        "Europe/Paris",
        {
            channel: tuple(EndpointFacts(UUID(int=n), bans=tuple(against)) for n, against in enumerate(known))
            for channel, known in found.items()
        },
        wishes=wishes_among(draw(levels)),
        consents=tuple(draw(words)),
        uses=tuple(draw(uses)),
    )


def a_case(strategy: StrategyFacts, *, priority: int) -> Case:
    notification = a_claimed_notification(
        type="offer", category="marketing", data={"n": 3}, priority=priority, expires_at=AT + 48 * HOUR
    )
    traits = tuple(ChannelTraits(name, needs_endpoint=name != "in_app", fan_out=name == "push") for name in CHANNELS)
    policy = TypePolicy(caps=(CapsPolicy(day=2, over="skip"),))
    return Case(notification, strategy, traits, AT, policy=policy, consent=Demand("marketing", ("sms",)))


def switched_off(found: Situation, channel: str) -> Situation:
    return with_level(found, {"channels": {channel: False}})


def type_switched_off(found: Situation, channel: str) -> Situation:
    return with_level(found, {"types": {"offer": {channel: False}}})


def muted(found: Situation, channel: str) -> Situation:
    return with_level(found, {"conditions": [{"mute": {"path": "data.n", "equals": 3, "channel": channel}}]})


def with_level(found: Situation, document: dict[str, Any]) -> Situation:
    more: tuple[Level, ...] = (level_in(document, OVERRIDE, id="2"),)
    return replace(found, wishes=wishes_among((*found.wishes.levels, *more)))


def consent_taken_back(found: Situation, channel: str) -> Situation:
    return replace(found, consents=(*found.consents, Said("marketing", channel, False, AT)))


def stopped(found: Situation, channel: str) -> Situation:
    return barred(found, channel, Reason.STOP)


def bounced(found: Situation, channel: str) -> Situation:
    return barred(found, channel, Reason.HARD_BOUNCE)


def barred(found: Situation, channel: str, reason: Reason) -> Situation:
    known = found.endpoints.get(channel, ())
    if not known:
        return found
    first, *others = known
    endpoints = {**found.endpoints, channel: (replace(first, bans=(*first.bans, Ban(reason))), *others)}
    return replace(found, endpoints=endpoints)


def pending(case: Case, situation: Situation) -> list[str]:
    return [delivery.channel for delivery in decide(case, situation).deliveries if delivery.state == "pending"]


@pytest.mark.parametrize(
    "denial",
    [switched_off, type_switched_off, muted, consent_taken_back, stopped, bounced],
    ids=lambda one: one.__name__,
)
@given(
    strategy=st.sampled_from(KINDS),
    priority=st.integers(0, 3),
    situation=situations(),
    channel=st.sampled_from(CHANNELS),
)
def test_a_further_no_of_whatever_kind_never_adds_a_message(
    denial: Callable[[Situation, str], Situation],
    strategy: StrategyFacts,
    priority: int,
    situation: Situation,
    channel: str,
) -> None:
    case = a_case(strategy, priority=priority)

    before, after = pending(case, situation), pending(case, denial(situation, channel))

    assert len(set(after)) <= len(set(before))
    if strategy.key != "frugal":  # which takes the next best channel instead
        assert set(after) <= set(before)
        assert len(after) <= len(before)


@given(strategy=st.sampled_from(KINDS), priority=st.integers(0, 3), situation=situations(), seed=st.integers(0, 10_000))
def test_the_order_in_which_facts_were_found_does_not_matter(
    strategy: StrategyFacts, priority: int, situation: Situation, seed: int
) -> None:
    case, chance = a_case(strategy, priority=priority), Random(seed)

    other = replace(
        situation,
        wishes=wishes_among(shuffled(situation.wishes.levels, chance)),
        consents=shuffled(situation.consents, chance),
        uses=shuffled(situation.uses, chance),
        endpoints={
            channel: tuple(replace(one, bans=shuffled(one.bans, chance)) for one in known)
            for channel, known in shuffled(tuple(situation.endpoints.items()), chance)
        },
    )

    assert outcome([decide(case, other)]) == outcome([decide(case, situation)])


def shuffled(found: tuple[Any, ...], chance: Random) -> tuple[Any, ...]:
    return tuple(chance.sample(found, len(found)))
