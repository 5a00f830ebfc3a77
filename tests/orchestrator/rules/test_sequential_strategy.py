"""Sequences: conditions, times of day, spacing, several channels at once, and what is wrong with them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.strategies.sequential import NEVER_SOONER_SECONDS, SEQUENTIAL
from orchestrator.rules.strategy import BadConfiguration, LeftOut, Options

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # 17:30 in Kolkata
ALL = Options(("email", "sms", "push", "in_app"), ordered=False, priority=2, at=AT)
BIG = {"path": "data.total", "op": ">=", "value": 100}

Shown = list[tuple[tuple[str, ...], int]]


def planned(configuration: dict[str, Any], options: Options = ALL) -> Shown:
    assert list(SEQUENTIAL.faults(configuration)) == []
    return [(step.channels, step.after_seconds) for step in SEQUENTIAL.steps(options, configuration)]


TWO = [{"channel": "push"}, {"channel": "email", "after_seconds": 300}]


def test_channels_of_one_step_go_together_without_those_that_cannot_be_used() -> None:
    steps = [{"channels": ["push", "web_push", "in_app"]}, {"channel": "email", "after_seconds": 60}]

    assert planned({"steps": steps, "others": "never"}) == [(("push", "in_app"), 0), (("email",), 60)]


def test_a_step_whose_condition_does_not_hold_is_passed_over_and_costs_no_time() -> None:
    steps = [
        {"channel": "sms", "when": BIG},
        {"channel": "push", "after_seconds": 60},
        {"channel": "email", "after_seconds": 5},
    ]
    configuration = {"steps": steps, "others": "never"}

    assert planned(configuration) == [(("push",), 0), (("email",), 5)]
    assert planned(configuration, replace(ALL, data={"total": 100})) == [
        (("sms",), 0),
        (("push",), 60),
        (("email",), 5),
    ]
    assert SEQUENTIAL.left_out(ALL, configuration) == {
        "sms": LeftOut("condition_not_met", {"steps": "0"}),
        "in_app": LeftOut("not_in_strategy"),
    }


def test_a_channel_of_several_steps_is_used_in_the_first_that_applies() -> None:
    steps = [{"channel": "sms", "when": BIG}, {"channel": "email"}, {"channel": "sms", "after_seconds": 900}]
    configuration = {"steps": steps, "others": "never"}

    assert planned(configuration) == [(("email",), 0), (("sms",), 900)]
    assert planned(configuration, replace(ALL, data={"total": 500})) == [(("sms",), 0), (("email",), 0)]


def test_the_order_of_the_request_wins_and_conditions_still_count() -> None:
    options = replace(ALL, channels=("sms", "email", "push"), ordered=True)
    steps = [*TWO, {"channel": "sms", "when": BIG}]

    assert planned({"steps": steps}, options) == [(("email",), 0), (("push",), 0)]
    assert planned({"steps": steps}, replace(options, data={"total": 500})) == [
        (("sms",), 0), (("email",), 300), (("push",), 0),
    ]  # fmt: skip


def test_steps_spread_over_the_life_of_the_message_end_a_minute_before_it() -> None:
    options = replace(ALL, channels=("push", "email", "sms"), expires_at=AT + timedelta(seconds=7260))
    configuration = {"steps": [*TWO, {"channel": "sms"}], "spacing": "ttl"}

    assert planned(configuration, options) == [(("push",), 0), (("email",), 3600), (("sms",), 3600)]
    assert planned(configuration, replace(options, expires_at=None)) == [
        (("push",), 0),
        (("email",), 300),
        (("sms",), 0),
    ]
    assert planned(configuration, replace(options, channels=("email",))) == [(("email",), 0)]


@pytest.mark.parametrize(
    ("between", "timezone", "wait"),
    [
        pytest.param(["09:00", "20:00"], "Asia/Kolkata", 0, id="it is within"),
        pytest.param(["18:00", "20:00"], "Asia/Kolkata", 1800, id="later today"),
        pytest.param(["09:00", "17:30"], "Asia/Kolkata", 15.5 * 3600, id="tomorrow, for the end is not in it"),
        pytest.param(["22:00", "06:00"], "UTC", 10 * 3600, id="over midnight"),
        pytest.param(["10:00", "13:00"], "UTC", 0, id="another zone"),
    ],
)  # fmt: skip
def test_a_step_waits_for_its_part_of_the_day(between: list[str], timezone: str, wait: int) -> None:
    options = replace(ALL, channels=("sms",), timezone=timezone)

    assert planned({"steps": [{"channel": "sms", "between": between}]}, options) == [(("sms",), wait)]


def test_a_beginning_that_summer_time_skips_is_an_hour_later() -> None:
    night = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # 01:30 in Berlin; at 02:00 it becomes 03:00
    options = replace(ALL, channels=("sms",), timezone="Europe/Berlin", at=night)

    assert planned({"steps": [{"channel": "sms", "between": ["02:15", "06:00"]}]}, options) == [(("sms",), 45 * 60)]


def test_later_steps_count_from_the_moment_that_the_window_gave() -> None:
    steps = [
        {"channel": "sms", "between": ["13:00", "20:00"]},
        {"channel": "email", "after_seconds": 60, "between": ["13:30", "20:00"]},
    ]

    assert planned({"steps": steps, "others": "never"}) == [(("sms",), 3600), (("email",), 1800)]


def test_a_failed_step_may_bring_nothing_forward() -> None:
    own = SEQUENTIAL.steps(ALL, {"steps": [{"channel": "push"}, {"channel": "email", "fallback_after_seconds": 5}]})
    none = SEQUENTIAL.steps(ALL, {"steps": TWO, "on_failure": "wait"})

    assert [step.fallback_after_seconds for step in own] == [None, 5, None, None]
    assert {step.fallback_after_seconds for step in none} == {NEVER_SOONER_SECONDS}


REFUSED = [
    pytest.param({"steps": []}, "/steps", "required", id="no steps"),
    pytest.param({}, "/steps", "required", id="none said"),
    pytest.param({"steps": ["email"]}, "/steps/0", "bad_step", id="a word"),
    pytest.param({"steps": [{"after_seconds": 1}]}, "/steps/0", "bad_step", id="no channel"),
    pytest.param({"steps": [{"channel": "a", "channels": ["b"]}]}, "/steps/0", "bad_step", id="both"),
    pytest.param({"steps": [{"channels": []}]}, "/steps/0/channels", "bad_step", id="none of many"),
    pytest.param({"steps": [{"channels": ["a", "a"]}]}, "/steps/0/channels", "duplicate", id="twice"),
    pytest.param(
        {"steps": [{"channel": "a", "after_seconds": -1}]},
        "/steps/0/after_seconds", "out_of_range", id="a wait of less than nothing",
    ),
    pytest.param(
        {"steps": [{"channel": "a", "after_seconds": True}]},
        "/steps/0/after_seconds", "out_of_range", id="a wait of yes",
    ),
    pytest.param(
        {"steps": [{"channel": "a"}, {"channel": "b", "delay": 1}]},
        "/steps/1/delay", "unknown_field", id="misspelt",
    ),
    pytest.param(
        {"steps": [{"channel": "a", "when": {"path": "x", "op": "exists"}}]},
        "/steps/0/when/path", "unknown_path", id="a bad condition",
    ),
    pytest.param(
        {"steps": [{"channel": "a", "between": ["8:00", "20:00"]}]},
        "/steps/0/between", "bad_window", id="no time of day",
    ),
    pytest.param(
        {"steps": [{"channel": "a", "between": ["08:00", "08:00"]}]},
        "/steps/0/between", "empty_window", id="no time at all",
    ),
    pytest.param({"steps": TWO, "spacing": "even"}, "/spacing", "unknown_word", id="unknown spacing"),
    pytest.param({"steps": TWO, "success": "bought"}, "/success", "unknown_word", id="unknown success"),
    pytest.param(
        {"steps": TWO, "fallback_after_seconds": "soon"},
        "/fallback_after_seconds", "out_of_range", id="soon",
    ),
    pytest.param({"steps": TWO, "color": "red"}, "/color", "unknown_field", id="unknown field"),
]  # fmt: skip


@pytest.mark.parametrize(("configuration", "pointer", "code"), REFUSED)
def test_what_is_wrong_is_told_where_it_is(configuration: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        SEQUENTIAL.check(configuration)

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(pointer, code)]


CHANNELS = ("email", "sms", "push", "in_app", "chat")
STEPS = st.fixed_dictionaries(
    {"channels": st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3, unique=True)},
    optional={
        "after_seconds": st.integers(0, 90_000),
        "when": st.builds(lambda value: {"path": "data.total", "op": ">", "value": value}, st.integers(0, 10)),
        "between": st.sampled_from([["08:00", "20:00"], ["22:00", "06:00"], ["00:00", "24:00"], ["02:15", "02:45"]]),
    },
)


@given(
    steps=st.lists(STEPS, min_size=1, max_size=6),
    usable=st.lists(st.sampled_from(CHANNELS), unique=True),
    ordered=st.booleans(),
    total=st.integers(0, 10),
    others=st.sampled_from(["last", "never"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]),
    hours=st.integers(0, 9000),
)
def test_a_usable_channel_is_used_once_or_left_out_and_no_other_ever(
    steps: list[dict[str, Any]], usable: list[str], ordered: bool, total: int, others: str, zone: str, hours: int
) -> None:
    configuration = {"steps": steps, "others": others}
    at = AT + timedelta(hours=hours)
    options = Options(tuple(usable), ordered=ordered, priority=2, at=at, timezone=zone, data={"total": total})

    used = [channel for step in SEQUENTIAL.steps(options, configuration) for channel in step.channels]
    left_out = SEQUENTIAL.left_out(options, configuration)

    assert sorted([*used, *left_out]) == sorted(usable)
    assert not ordered or [c for c in usable if c in used] == used
