"""Decisions under every strategy, with experiments and windows: what holds for all of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.rules.conditions import name_of
from orchestrator.rules.experiments import HOLDOUT, Arm
from orchestrator.rules.planning import decide
from orchestrator.rules.situation import (
    ArmFacts,
    Case,
    ChannelTraits,
    EndpointFacts,
    ExperimentFacts,
    Situation,
    StrategyFacts,
    Usable,
)
from orchestrator.rules.strategies.sequential import SEQUENTIAL
from orchestrator.rules.strategy import strategies
from preferences.rules import wishes_in
from tests.make import AT, a_claimed_notification

CHANNELS = ("email", "sms", "push", "in_app", "chat")
CONDITION = {"path": "recipient.attributes.plan", "op": "==", "value": "gold"}
PICKY = {
    "steps": [
        {"channel": "push", "when": CONDITION},
        {"channel": "email", "after_seconds": 60, "between": ["08:00", "20:00"]},
    ],
    "others": "never",
}
FRUGAL = {"levels": {name: {"begin_with": 1, "rest": "never"} for name in ("critical", "high", "medium", "low")}}
KINDS = [StrategyFacts(one.key, one.key, configuration=one.defaults) for one in strategies] + [
    StrategyFacts("picky", "sequential", configuration=PICKY),
    StrategyFacts("frugal", "priority_based", configuration=FRUGAL),
]


def a_case(strategy: StrategyFacts, *, priority: int = 2, ordered: bool = False, **facts: Any) -> Case:
    notification = a_claimed_notification(
        priority=priority, channels=CHANNELS if ordered else (), expires_at=AT + timedelta(days=2)
    )
    traits = tuple(ChannelTraits(name, needs_endpoint=name != "in_app") for name in CHANNELS)
    return Case(notification, strategy, traits, AT, **facts)


def someone(id: int, reachable: set[str], refused: set[str], **facts: Any) -> Situation:
    endpoints = {name: (EndpointFacts(UUID(int=number)),) for number, name in enumerate(CHANNELS) if name in reachable}
    wishes = wishes_in(
        {"channels": dict.fromkeys(sorted(refused), False), "quiet_hours": [{"from": "11:00", "to": "13:00"}]}
    )
    return Situation(UUID(int=id), "Europe/Paris", endpoints, wishes=wishes, **facts)


NAMES = st.sets(st.sampled_from(CHANNELS))
EXPERIMENT = ExperimentFacts(
    UUID(int=9), "x", "s", 30.0, tuple(ArmFacts(Arm(f"a{n}"), kind) for n, kind in enumerate([None, *KINDS]))
)


@given(
    strategy=st.sampled_from(KINDS),
    experiment=st.sampled_from([None, EXPERIMENT]),
    id=st.integers(0, 200),
    reachable=NAMES,
    refused=NAMES,
    priority=st.integers(0, 3),
    ordered=st.booleans(),
)
def test_no_plan_has_a_channel_that_was_not_usable_and_none_has_one_twice(
    strategy: StrategyFacts,
    experiment: ExperimentFacts | None,
    id: int,
    reachable: set[str],
    refused: set[str],
    priority: int,
    ordered: bool,
) -> None:
    case = a_case(strategy, priority=priority, ordered=ordered, experiment=experiment)

    found = decide(case, someone(id, reachable, refused, arm=case.arm_of(str(id))))

    usable = {name for name, verdict in found.verdicts.items() if isinstance(verdict, Usable)}
    pending = [d.channel for d in found.deliveries if d.state == "pending"]
    assert sorted(pending) == sorted(usable)
    assert usable <= (reachable | {"in_app"}) - refused
    assert not (found.arm == HOLDOUT and pending)
    assert {d.channel for d in found.deliveries} == set(CHANNELS)


@given(strategy=st.sampled_from(KINDS), id=st.integers(0, 50), refused=NAMES, more=st.sampled_from(CHANNELS))
def test_another_refusal_never_adds_a_message(strategy: StrategyFacts, id: int, refused: set[str], more: str) -> None:
    def messages(refused: set[str]) -> list[str]:
        found = decide(a_case(strategy), someone(id, set(CHANNELS), refused))
        return [d.channel for d in found.deliveries if d.state == "pending"]

    before, after = messages(refused), messages(refused | {more})

    assert more not in after
    assert len(after) <= len(before)
    if strategy.key != "frugal":  # which takes the next best one instead
        assert set(after) <= set(before)


def due(strategy: dict[str, Any], situation: Situation) -> dict[str, tuple[datetime | None, str]]:
    case = a_case(StrategyFacts("mine", "sequential", configuration=SEQUENTIAL.defaults | strategy))
    return {d.channel: (d.due_at, d.reason) for d in decide(case, situation).deliveries}


def test_a_step_that_quiet_hours_put_off_waits_for_its_part_of_the_day_again() -> None:
    # AT is 13:00 in Paris: the step may begin at once, but is to be left alone until 14:00.
    quiet = someone(1, {"email"}, set())
    quiet = replace(quiet, wishes=wishes_in({"quiet_hours": [{"from": "12:00", "to": "14:00"}]}))

    narrow = due({"steps": [{"channel": "email", "between": ["12:30", "13:30"]}], "others": "never"}, quiet)
    wide = due({"steps": [{"channel": "email", "between": ["12:30", "14:30"]}], "others": "never"}, quiet)

    assert wide["email"] == (AT + timedelta(hours=1), "")
    # Every day from 12:30 to 13:30 is quiet: it never agrees, and ends at the expiry.
    assert narrow["email"] == (AT + timedelta(days=2), "")


def test_conditions_on_people_are_answered_by_what_they_meet() -> None:
    gold = someone(1, {"email", "push"}, set(), meets=(name_of(CONDITION),))

    assert due(PICKY, gold)["push"][1] == ""
    assert due(PICKY, replace(gold, meets=()))["push"][1] == "condition_not_met"
