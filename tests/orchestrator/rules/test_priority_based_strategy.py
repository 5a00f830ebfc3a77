"""By priority: the more urgent the more at once, the less urgent the cheaper; measurements count when there are any."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.bandit import ChannelEvidence
from orchestrator.rules.strategies.priority_based import PRIORITY_BASED
from orchestrator.rules.strategy import BadConfiguration, LeftOut, Options

EVERYTHING = Options(("email", "sms", "push", "in_app"), ordered=False, priority=2)


def planned(
    options: Options, configuration: Mapping[str, Any] = PRIORITY_BASED.defaults
) -> list[tuple[tuple[str, ...], int]]:
    return [(step.channels, step.after_seconds) for step in PRIORITY_BASED.steps(options, configuration)]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        (0, [(("push", "in_app", "email", "sms"), 0)]),
        (1, [(("push", "in_app"), 0), (("email", "sms"), 300)]),
        (2, [(("push",), 0), (("in_app",), 1800), (("email",), 1800), (("sms",), 1800)]),
        (3, [(("push",), 0), (("in_app",), 14_400), (("email",), 14_400), (("sms",), 14_400)]),
    ],
)
def test_without_measurements_the_documented_order_counts(priority: int, expected: list[Any]) -> None:
    assert planned(replace(EVERYTHING, priority=priority)) == expected


def test_what_reaches_people_better_goes_first() -> None:
    evidence = {
        "push": ChannelEvidence((1000, 50)),
        "sms": ChannelEvidence((1000, 900)),
        "email": ChannelEvidence((1000, 300)),
    }

    ranked = planned(replace(EVERYTHING, priority=1, evidence=evidence))

    assert ranked == [(("sms", "in_app"), 0), (("email", "push"), 300)]


def test_a_few_messages_do_not_overturn_the_order() -> None:
    evidence = {"sms": ChannelEvidence((3, 3)), "push": ChannelEvidence((3, 0))}

    assert planned(replace(EVERYTHING, evidence=evidence))[0] == (("push",), 0)


def test_low_begins_with_the_cheapest_by_price_told_measured_or_usual() -> None:
    low = replace(EVERYTHING, channels=("email", "sms"), priority=3)

    assert planned(low)[0] == (("email",), 0)
    assert planned(replace(low, evidence={"sms": ChannelEvidence(cost_micros=100)}))[0] == (("sms",), 0)
    told = {**PRIORITY_BASED.defaults, "cost_micros": {"sms": 9_000}}
    assert planned(replace(low, evidence={"sms": ChannelEvidence(cost_micros=100)}), told)[0] == (("email",), 0)


def test_an_order_in_the_request_wins() -> None:
    options = replace(EVERYTHING, channels=("sms", "push", "email"), ordered=True, priority=1)

    assert planned(options) == [(("sms", "push"), 0), (("email",), 300)]


def test_a_level_may_leave_the_rest_out() -> None:
    configuration = {"levels": {"low": {"begin_with": 1, "rest": "never"}}}
    low = replace(EVERYTHING, channels=("email", "sms"), priority=3)

    assert planned(low, configuration) == [(("email",), 0)]
    assert PRIORITY_BASED.left_out(low, configuration) == {"sms": LeftOut("not_in_strategy")}


REFUSED = [
    pytest.param({"levels": []}, "/levels", "bad_level", id="a list"),
    pytest.param({"levels": {"urgent": {}}}, "/levels/urgent", "unknown_field", id="unknown urgency"),
    pytest.param({"levels": {"low": 1}}, "/levels/low", "bad_level", id="a number"),
    pytest.param(
        {"levels": {"low": {"begin_with": -1}}}, "/levels/low/begin_with", "out_of_range", id="fewer than none"
    ),
    pytest.param(
        {"levels": {"low": {"rank_by": "mood"}}},
        "/levels/low/rank_by",
        "unknown_word",
        id="unknown ranking",
    ),
    pytest.param({"levels": {"low": {"rest": "later"}}}, "/levels/low/rest", "unknown_word", id="unknown rest"),
    pytest.param({"order": "push"}, "/order", "bad_order", id="a word"),
    pytest.param({"cost_micros": {"sms": 0.05}}, "/cost_micros/sms", "out_of_range", id="a fraction"),
    pytest.param({"cost_micros": [1]}, "/cost_micros", "bad_cost", id="a list of costs"),
    pytest.param({"weights": {}}, "/weights", "unknown_field", id="unknown field"),
]


@pytest.mark.parametrize(("configuration", "pointer", "code"), REFUSED)
def test_what_is_wrong_with_a_configuration_by_priority_is_told(configuration: Any, pointer: str, code: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        PRIORITY_BASED.check(configuration)

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(pointer, code)]


@given(
    usable=st.lists(st.sampled_from(["email", "sms", "push", "in_app", "fax"]), unique=True),
    priority=st.integers(0, 3),
    sends=st.dictionaries(st.sampled_from(["email", "sms", "push"]), st.integers(0, 10_000)),
)
def test_ranking_invents_no_channel_and_loses_none(usable: list[str], priority: int, sends: dict[str, int]) -> None:
    evidence = {channel: ChannelEvidence((number, number // 2)) for channel, number in sends.items()}
    options = Options(tuple(usable), ordered=False, priority=priority, evidence=evidence)

    used = [c for step in PRIORITY_BASED.steps(options, PRIORITY_BASED.defaults) for c in step.channels]
    again = PRIORITY_BASED.steps(replace(options, channels=tuple(reversed(usable))), PRIORITY_BASED.defaults)

    assert sorted(used) == sorted(usable)
    assert used == [c for step in again for c in step.channels] or "fax" in usable
