"""Who is in the same situation gets the same decision as if each had been decided on alone."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.rules.alike import Deciding
from orchestrator.rules.experiments import Arm
from orchestrator.rules.planning import decide
from orchestrator.rules.record import outcome
from orchestrator.rules.situation import (
    ArmFacts,
    Case,
    ChannelTraits,
    EndpointFacts,
    ExperimentFacts,
    Situation,
    StrategyFacts,
)
from orchestrator.rules.strategy import strategies
from preferences.rules import Ban, Reason, wishes_in
from preferences.rules.consent import Demand, Said
from tests.make import AT, a_claimed_notification

CHANNELS = ("email", "sms", "push", "in_app")
BOLD = {**strategies.get("smart").defaults, "least_tries": 0}  # draws lots where nothing is known, too
KINDS = [
    *(StrategyFacts(one.key, one.key, configuration=one.defaults) for one in strategies),
    StrategyFacts("bold", "smart", configuration=BOLD),
]
EXPERIMENT = ExperimentFacts(UUID(int=9), "x", "s", 30.0, (ArmFacts(Arm("a")), ArmFacts(Arm("b"), channels=("email",))))
WISHES = [
    wishes_in({}),
    wishes_in({"channels": {"sms": False}, "quiet_hours": [{"from": "11:00", "to": "13:00"}]}),
    wishes_in({"channel_order": ["push", "email"]}),
]
BANS = [(), (Ban(Reason.HARD_BOUNCE),), (Ban(Reason.STOP),)]
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "timezone": st.sampled_from(["UTC", "Asia/Kolkata"]),
    "known": st.sampled_from([True, False]),
    "wishes": st.sampled_from(WISHES),
    "duplicate_of": st.sampled_from([None, UUID(int=5), UUID(int=6)]),
    "data": st.sampled_from([None, {"total": 3}]),
    "consents": st.sampled_from([(), (Said("news", "all", False, AT),)]),
    "arm": st.sampled_from(["a", "b", "holdout"]),
}
PLAIN: dict[str, Any] = {"timezone": "UTC", "arm": "a"}
ADDRESSES = st.dictionaries(
    st.sampled_from(CHANNELS[:3]),
    st.lists(st.tuples(st.booleans(), st.sampled_from(BANS)), min_size=1, max_size=2),
    min_size=1,
)


@st.composite
def crowds(draw: st.DrawFn) -> list[Situation]:
    """People of whom each is like the first one, or differs from them in one thing."""

    def otherwise(facts: dict[str, Any]) -> dict[str, Any]:
        name = draw(st.sampled_from(["", *FACTS]))
        return facts | {name: draw(FACTS[name])} if name else facts

    facts, addresses = otherwise(otherwise(PLAIN)), draw(ADDRESSES)
    crowd = [someone(0, facts, addresses)]
    for number in range(1, draw(st.integers(2, 8))):
        elsewhere = draw(st.integers(0, 3)) == 0
        crowd.append(someone(number, otherwise(facts), draw(ADDRESSES) if elsewhere else addresses))
    return crowd


def someone(number: int, facts: dict[str, Any], addresses: dict[str, list[tuple[bool, tuple[Ban, ...]]]]) -> Situation:
    ids = iter(range(100 * number + 1000, 100 * number + 1100))
    endpoints = {
        channel: tuple(EndpointFacts(UUID(int=next(ids)), carried, bans) for carried, bans in found)
        for channel, found in addresses.items()
    }
    return Situation(recipient_id=UUID(int=number), endpoints=endpoints, **facts)


def a_case(strategy: StrategyFacts, **facts: Any) -> Case:
    traits = tuple(ChannelTraits(name, needs_endpoint=name != "in_app", fan_out=name == "push") for name in CHANNELS)
    return Case(a_claimed_notification(), strategy, traits, AT, **facts)


@settings(max_examples=400, deadline=None)  # the first draw loads what strategies read
@given(
    strategy=st.sampled_from(KINDS),
    experiment=st.sampled_from([None, EXPERIMENT]),
    consent=st.sampled_from([None, Demand("news", ("sms",))]),
    crowd=crowds(),
)
def test_deciding_on_many_is_deciding_on_each(
    strategy: StrategyFacts, experiment: ExperimentFacts | None, consent: Demand | None, crowd: list[Situation]
) -> None:
    case = a_case(strategy, experiment=experiment, consent=consent)

    together = list(map(Deciding(case).decide, crowd))

    alone = [decide(case, situation) for situation in crowd]
    assert together == alone
    assert outcome(together) == outcome(alone)


@pytest.mark.parametrize(("facts", "shared"), [({}, True), ({"data": {"total": 3}}, False)])
def test_those_who_are_alike_share_a_verdict(facts: dict[str, Any], shared: bool) -> None:
    strategy = next(kind for kind in KINDS if kind.key == "immediate")
    deciding = Deciding(a_case(strategy))

    one, other = (deciding.decide(Situation(UUID(int=number), "UTC", **facts)) for number in (1, 2))

    assert (one.verdicts["email"] is other.verdicts["email"]) is shared


@pytest.mark.parametrize(("strategy", "drawn"), [("smart", False), ("bold", True)])
def test_lots_are_drawn_for_each(strategy: str, drawn: bool) -> None:
    deciding = Deciding(a_case(next(kind for kind in KINDS if kind.key == strategy)))
    everywhere = {channel: [(True, ())] for channel in CHANNELS[:3]}

    crowd = [deciding.decide(someone(number, PLAIN, everywhere)) for number in range(60)]

    ways = {tuple((d.channel, d.step) for d in one.deliveries if d.state == "pending") for one in crowd}
    assert (len(ways) > 1) is drawn
