"""Strategies choose steps: which channels, in which order, how far apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.strategies.immediate import IMMEDIATE
from orchestrator.rules.strategies.sequential import SEQUENTIAL, SEQUENTIAL_EMAIL_FIRST
from orchestrator.rules.strategies.smart import SMART
from orchestrator.rules.strategy import BadConfiguration, Options, Step, Strategy, strategies

# What configurations are made of, so that a good part of what is made up at random is nearly right.
WORDS = (
    "steps", "channel", "channels", "after_seconds", "fallback_after_seconds", "when", "between", "path", "op", "value",
    "all", "any", "not", "levels", "low", "critical", "begin_with", "rest", "never", "order", "cost_micros", "success",
    "seen", "others", "spacing", "ttl", "email", "sms", "push", "08:00", "20:00", "data.total", "==", "exists",
    "priority",
)  # fmt: skip
CHANNELS = ("email", "sms", "push", "web_push", "in_app", "webhook", "chat")


def steps(strategy: Strategy, *channels: str, ordered: bool = False) -> list[tuple[tuple[str, ...], int]]:
    options = Options(channels, ordered=ordered, priority=2)
    return [(step.channels, step.after_seconds) for step in strategy.steps(options, strategy.defaults)]


def test_immediate_uses_every_channel_at_once() -> None:
    assert steps(IMMEDIATE, "email", "push", "sms") == [(("email", "push", "sms"), 0)]


@pytest.mark.parametrize(
    ("channels", "ordered", "expected"),
    [
        (("push", "email", "sms"), False, [(("push",), 0), (("email",), 300), (("sms",), 3300)]),
        (("sms", "email", "push"), False, [(("push",), 0), (("email",), 300), (("sms",), 3300)]),
        (("email", "sms"), False, [(("email",), 0), (("sms",), 3300)]),
        (("email", "in_app"), False, [(("email",), 0), (("in_app",), 3600)]),
        (("in_app", "email"), True, [(("in_app",), 0), (("email",), 300)]),
        (("sms",), False, [(("sms",), 0)]),
        ((), False, []),
    ],
)
def test_sequential_is_push_then_email_then_sms(
    channels: tuple[str, ...], ordered: bool, expected: list[tuple[tuple[str, ...], int]]
) -> None:
    assert steps(SEQUENTIAL, *channels, ordered=ordered) == expected


def test_the_default_sequence_adds_up_to_five_minutes_and_an_hour() -> None:
    waits = [after for _, after in steps(SEQUENTIAL, "push", "email", "sms")]

    assert [sum(waits[: n + 1]) for n in range(3)] == [0, 300, 3600]


def test_email_first_goes_on_with_sms_after_an_hour_and_push_five_minutes_later() -> None:
    assert steps(SEQUENTIAL_EMAIL_FIRST, "push", "sms", "email") == [
        (("email",), 0),
        (("sms",), 3600),
        (("push",), 300),
    ]


def test_smart_without_evidence_is_sequential() -> None:
    assert steps(SMART, "email", "sms") == steps(SEQUENTIAL, "email", "sms")


@given(
    key=st.sampled_from(strategies.keys()),
    channels=st.lists(st.sampled_from(CHANNELS), unique=True),
    ordered=st.booleans(),
    priority=st.integers(0, 3),
)
def test_every_strategy_uses_each_usable_channel_once_and_invents_none(
    key: str, channels: list[str], ordered: bool, priority: int
) -> None:
    strategy = strategies.get(key)

    chosen = strategy.steps(Options(tuple(channels), ordered=ordered, priority=priority), strategy.defaults)

    used = [channel for step in chosen for channel in step.channels]
    assert len(used) == len(set(used))
    assert set(used) == set(channels)
    assert all(step.after_seconds >= 0 for step in chosen)
    assert not chosen or chosen[0].after_seconds == 0


@pytest.mark.parametrize("key", strategies.keys())
def test_the_defaults_of_every_strategy_pass_its_own_check(key: str) -> None:
    strategy = strategies.get(key)

    assert strategy.check(strategy.defaults) is None


@pytest.mark.parametrize(
    "configuration",
    [
        {"steps": []},
        {"steps": "email"},
        {"steps": [{"channel": "email", "after_seconds": -1}]},
        {"steps": [{"after_seconds": 1}]},
        {"steps": ["email"]},
        {"steps": [{"channel": "email"}], "fallback_after_seconds": "soon"},
        {"steps": [{"channel": "email"}], "fallback_after_seconds": 86_401},
    ],
)
def test_a_configuration_that_cannot_run_is_refused(configuration: dict[str, object]) -> None:
    with pytest.raises(BadConfiguration):
        SEQUENTIAL.check(configuration)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(
    key=st.sampled_from(strategies.keys()),
    configuration=st.dictionaries(st.sampled_from(WORDS), ANYTHING, max_size=5),
    priority=st.integers(0, 3),
)
def test_whatever_is_written_is_refused_with_reasons_or_runs(
    key: str, configuration: dict[str, object], priority: int
) -> None:
    strategy = strategies.get(key)
    try:
        strategy.check(configuration)
    except BadConfiguration:
        return

    options = Options(CHANNELS, ordered=False, priority=priority)
    used = [channel for step in strategy.steps(options, configuration) for channel in step.channels]

    assert sorted([*used, *strategy.left_out(options, configuration)]) == sorted(CHANNELS)


def test_a_step_is_a_value() -> None:
    assert Step(("email",)) == Step(("email",), 0)
