"""`smart` begins where and when people engage for what it costs, and is `sequential` until it knows anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.bandit import ChannelEvidence
from orchestrator.rules.strategies.sequential import SEQUENTIAL
from orchestrator.rules.strategies.smart import SMART
from orchestrator.rules.strategy import BadConfiguration, LeftOut, Options

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)  # a Friday
CHANNELS = ("email", "sms", "push", "chat", "in_app")
KNOWN = {
    "email": ChannelEvidence(tenant=(1000, 100), alike=(300, 30), own=(60, 30), segment="email/often/morning"),
    "push": ChannelEvidence(tenant=(1000, 60), alike=(300, 20), own=(60, 1)),
    "sms": ChannelEvidence(tenant=(1000, 80), alike=(300, 24), own=(60, 3)),
}


def options(*channels: str, **facts: Any) -> Options:
    return replace(Options(channels, ordered=False, priority=2, at=AT, evidence=KNOWN, seed=7), **facts)


def used(given: Options, **configuration: Any) -> list[tuple[tuple[str, ...], int]]:
    return [(step.channels, step.after_seconds) for step in SMART.steps(given, configuration)]


@pytest.mark.parametrize(
    ("given", "because"),
    [
        pytest.param(options("email", "sms", "push", evidence={}), "too_little_evidence", id="nothing known"),
        pytest.param(
            options("email", "sms", evidence={"email": ChannelEvidence(tenant=(199, 30))}), "too_little_evidence",
            id="one try too few",
        ),
        pytest.param(options("sms"), "no_choice", id="one channel"),
        pytest.param(options(), "no_choice", id="no channel"),
    ],
)  # fmt: skip
def test_without_enough_to_go_by_it_is_sequential_and_says_why(given: Options, because: str) -> None:
    considered = SMART.consider(given, {})

    assert considered.steps == tuple(SEQUENTIAL.steps(given, SEQUENTIAL.defaults))
    assert (considered.why["like"], considered.why["because"]) == ("sequential", because)


def test_the_inbox_goes_along_because_it_wakes_nobody() -> None:
    unknown = options("email", "in_app", "sms", evidence={})

    assert used(unknown) == [(("email", "in_app"), 0), (("sms",), 3300)]
    assert used(unknown, along=()) == [(("email",), 0), (("sms",), 3300), (("in_app",), 3600)]
    assert used(options("in_app", evidence={})) == [(("in_app",), 0)]
    assert used(options("email", "in_app", "push"), exploration_percent=0)[0] == (("email", "in_app"), 0)


def test_it_begins_with_what_works_for_this_person_and_goes_on_by_expected_utility() -> None:
    assert used(options("push", "sms", "email"), exploration_percent=0, cost_micros={}) == [
        (("email",), 0), (("sms",), 3600), (("push",), 3600),
    ]  # fmt: skip
    assert [channels for channels, _ in used(options("push", "sms", "email"), exploration_percent=0)] == [
        ("email",), ("push",), ("sms",),
    ]  # what a text message costs is more than it is better  # fmt: skip


def test_what_was_charged_counts_more_than_what_is_configured() -> None:
    cheap = {**KNOWN, "sms": ChannelEvidence(tenant=(1000, 80), alike=(300, 24), own=(60, 3), cost_micros=0)}

    order = [channels for channels, _ in used(options("push", "sms", "email", evidence=cheap), exploration_percent=0)]

    assert order == [("email",), ("sms",), ("push",)]


def test_a_follow_up_that_is_not_worth_it_is_left_out_only_where_people_must_succeed() -> None:
    asked = options("push", "sms", "email")
    dear = {"disturbance_micros": 4_000, "exploration_percent": 0}

    assert len(used(asked, **dear)) == 3
    assert [channels for channels, _ in used(asked, **dear, success="clicked")] == [("email",)]
    assert SMART.left_out(asked, {**dear, "success": "clicked"}) == {
        "push": LeftOut("not_in_strategy", {"because": "not_worth_its_cost"}),
        "sms": LeftOut("not_in_strategy", {"because": "not_worth_its_cost"}),
    }
    assert SMART.left_out(asked, dear) == {}


@pytest.mark.parametrize(
    ("facts", "latest"),
    [
        pytest.param({"priority": 3}, 14_400, id="low may wait for hours"),
        pytest.param({"priority": 2}, 0, id="medium may not"),
        pytest.param({"priority": 1}, 0, id="high may not"),
        pytest.param({"priority": 0}, 0, id="critical may not"),
        pytest.param({"priority": 3, "expires_at": AT + timedelta(hours=2)}, 7_199, id="not beyond its life"),
    ],
)
def test_a_delay_stays_within_what_its_priority_and_its_life_allow(facts: dict[str, Any], latest: int) -> None:
    arms = [
        arm["delay_seconds"]
        for seed in range(0, 40_000, 400)
        for arm in SMART.consider(options("email", "push", seed=seed, **facts), {}).why["arms"]
    ]

    assert max(arms) <= latest
    assert (max(arms) > 3600) is (latest > 0)


def test_it_waits_for_the_hour_at_which_people_like_this_one_engage() -> None:
    hours = {"weekday-06": (300.0, 6.0), "weekday-09": (300.0, 120.0)}
    evidence = {
        name: ChannelEvidence(tenant=(1000, 200), alike=(600, 126), own=(60, 12), hours=hours)
        for name in ("email", "push")
    }
    asked = options("email", "push", evidence=evidence, priority=3, seed=1200)

    (_, begins), *_ = used(asked, exploration_percent=0)

    assert begins == 5400 + 1200  # at nine, and some minutes that are this decision's own


def test_local_time_counts() -> None:
    there = options("email", "push", priority=3, timezone="Asia/Kolkata", seed=0)

    delays = {arm["delay_seconds"] for arm in SMART.consider(there, {}).why["arms"]}

    assert delays == {0, 2 * 3600}  # it is 13:00 in Kolkata


def test_the_decision_tells_segment_propensities_and_chances() -> None:
    why = SMART.consider(options("email", "push"), {"exploration_percent": 10}).why

    assert why["segment"] == "email/often/morning"
    assert why["drawn"] == {
        name: why["arms"][0][name] for name in ("channel", "delay_seconds", "propensity")
    }  # e-mail is the best by far
    assert [sorted(arm) for arm in why["arms"]] == [
        ["chance", "channel", "cost_micros", "delay_seconds", "propensity"]
    ] * 2
    assert sum(arm["propensity"] for arm in why["arms"]) == pytest.approx(1, abs=1e-3)
    assert min(arm["propensity"] for arm in why["arms"]) >= 0.05


counts = st.tuples(st.integers(0, 500), st.integers(0, 100)).map(lambda made: (made[0], made[0] * made[1] / 100))
known = st.builds(ChannelEvidence, tenant=counts, alike=counts, own=counts)


@given(
    channels=st.lists(st.sampled_from(CHANNELS), unique=True),
    evidence=st.dictionaries(st.sampled_from(CHANNELS), known),
    seed=st.integers(0, 2**62),
    priority=st.integers(0, 3),
    success=st.sampled_from(["delivered", "clicked"]),
)
def test_whatever_is_known_only_usable_channels_are_used_once_and_all_are_accounted_for(
    channels: list[str], evidence: dict[str, ChannelEvidence], seed: int, priority: int, success: str
) -> None:
    asked = options(*channels, evidence=evidence, seed=seed, priority=priority)
    configuration = {"success": success, "disturbance_micros": 2000}

    steps = SMART.steps(asked, configuration)

    told = [channel for step in steps for channel in step.channels]
    assert len(told) == len(set(told))
    assert {*told, *SMART.left_out(asked, configuration)} == set(channels)
    assert list(SMART.steps(asked, configuration)) == list(steps)


@pytest.mark.parametrize(
    ("configuration", "pointer"),
    [
        ({"value_micros": 0}, "/value_micros"),
        ({"exploration_percent": 101}, "/exploration_percent"),
        ({"along": "in_app"}, "/along"),
        ({"cost_micros": 3}, "/cost_micros"),
        ({"cost_micros": {"sms": -1}}, "/cost_micros/sms"),
        ({"most_delay_seconds": {"lowest": 60}}, "/most_delay_seconds/lowest"),
        ({"most_delay_seconds": {"low": 86_401}}, "/most_delay_seconds/low"),
        ({"steps": []}, "/steps"),
        ({"vallue_micros": 5}, "/vallue_micros"),
    ],
)
def test_a_configuration_that_cannot_run_is_refused_where_it_is_wrong(
    configuration: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(BadConfiguration) as refused:
        SMART.check(configuration)

    assert [fault.pointer for fault in refused.value.faults] == [pointer]
