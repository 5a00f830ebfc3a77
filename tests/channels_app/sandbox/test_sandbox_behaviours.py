"""The rules of misbehaving, and how they are read from JSON."""

from typing import Any

import pytest

from channels_app.sandbox.behaviour_json import BadBehaviours, read_behaviours, write_behaviour
from channels_app.sandbox.behaviours import Behaviour, Choice, Standing, choose


def asked(*rules: Behaviour, channel: str = "email", provider: str = "smtp", to: str = "a@example.org") -> Choice:
    standings = [Standing(rule) for rule in rules]
    return choose(standings, channel=channel, provider=provider, to=to, chance=lambda: 0.5)


@pytest.mark.parametrize(
    ("pattern", "to", "matches"),
    [
        ("*", "a@example.org", True),
        ("a@example.org", "a@example.org", True),
        ("a@example.org", "A@Example.ORG", True),
        ("a@example.org", "aa@example.org", False),
        ("*@example.org", "a@example.org", True),
        ("*@example.org", "a@example.org.evil.example", False),
        ("?@example.org", "a@example.org", True),
        ("?@example.org", "ab@example.org", False),
        ("[ab]@example.org", "b@example.org", True),
        ("[!ab]@example.org", "b@example.org", False),
        ("*.example", "+33612345678", False),
        ("+336*", "+33612345678", True),
        ("https://x.example/?a=[1]", "https://x.example/?a=[1]", True),
    ],
)
def test_a_rule_is_for_an_address_or_a_glob(pattern: str, to: str, matches: bool) -> None:
    rule = Behaviour("error", to=pattern)

    assert (asked(rule, to=to).rule is rule) is matches


def test_the_first_rule_that_matches_decides() -> None:
    other_channel = Behaviour("error", channel="sms")
    other_provider = Behaviour("error", provider="sendgrid")
    first, second = Behaviour("delay", channel="email", provider="smtp"), Behaviour("error")

    assert asked(other_channel, other_provider, first, second).rule is first


def test_without_a_match_nothing_acts_and_nothing_changes() -> None:
    assert asked(Behaviour("error", to="b@*", times=3)) == Choice(None, {})


def test_a_used_up_rule_no_longer_matches() -> None:
    used, fresh = Behaviour("error", times=0), Behaviour("delay", times=2)

    choice = asked(used, fresh)

    assert choice.rule is fresh
    assert choice.changed == {1: Standing(Behaviour("delay", times=1))}


def test_a_lost_draw_is_remembered_and_passes_the_word_on() -> None:
    unlikely, likely = Behaviour("error", probability=0.4, times=5), Behaviour("delay", probability=0.6, times=5)

    choice = asked(unlikely, likely)

    assert choice.rule is likely
    assert choice.changed == {
        0: Standing(unlikely, draws=1),
        1: Standing(Behaviour("delay", probability=0.6, times=4), draws=1),
    }


@pytest.mark.parametrize(("probability", "acts"), [(0.0, 0), (1.0, 200)])
def test_certainties_are_certain(probability: float, acts: int) -> None:
    assert sum(draws(Behaviour("error", probability=probability, seed=1), count=200)) == acts


def test_a_seed_gives_the_same_draws_each_time_and_about_the_wanted_share() -> None:
    first = draws(Behaviour("error", probability=0.3, seed=7), count=2000)

    assert first == draws(Behaviour("error", probability=0.3, seed=7), count=2000)
    assert first != draws(Behaviour("error", probability=0.3, seed=8), count=2000)
    assert 500 < sum(first) < 700


def draws(rule: Behaviour, *, count: int) -> list[bool]:
    standings, fell = [Standing(rule)], []
    for _ in range(count):
        choice = choose(standings, channel="email", provider="smtp", to="a@example.org", chance=lambda: 1 / 0)
        standings = [choice.changed[0]]
        fell.append(choice.rule is not None)
    return fell


def test_behaviours_are_read_and_written_as_they_were_given() -> None:
    body = [
        {"do": "error", "to": "*@slow.example", "channel": "email", "provider": "smtp", "status": 503, "times": 3},
        {"do": "throttle", "to": "*", "retry_after": 2.5, "probability": 0.25, "seed": -4},
    ]

    assert [write_behaviour(rule) for rule in read_behaviours(body)] == body


def test_to_is_everybody_and_null_is_left_open() -> None:
    assert read_behaviours([{"do": "drip", "to": None, "seconds": None}]) == (Behaviour("drip", to="*"),)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"do": "delay"}, "", "not_a_list"),
        (None, "", "not_a_list"),
        ([{"do": "delay"}] * 1001, "", "too_many"),
        (["delay"], "/0", "not_an_object"),
        ([{}], "/0/do", "required"),
        ([{"do": None}], "/0/do", "required"),
        ([{"do": "delay"}, {"do": "explode"}], "/1/do", "unknown"),
        ([{"do": 3}], "/0/do", "unknown"),
        ([{"do": ["delay"]}], "/0/do", "unknown"),
        ([{"do": "delay", "second": 3}], "/0/second", "unknown_field"),
        ([{"do": "delay", "a/b~": 3}], "/0/a~1b~0", "unknown_field"),
        ([{"do": "delay", "to": ""}], "/0/to", "out_of_range"),
        ([{"do": "delay", "to": 3}], "/0/to", "wrong_type"),
        ([{"do": "delay", "seconds": "3"}], "/0/seconds", "wrong_type"),
        ([{"do": "delay", "seconds": True}], "/0/seconds", "wrong_type"),
        ([{"do": "delay", "seconds": -1}], "/0/seconds", "out_of_range"),
        ([{"do": "delay", "seconds": float("nan")}], "/0/seconds", "out_of_range"),
        ([{"do": "delay", "seconds": 3601}], "/0/seconds", "out_of_range"),
        ([{"do": "error", "status": 503.5}], "/0/status", "wrong_type"),
        ([{"do": "error", "status": 200}], "/0/status", "out_of_range"),
        ([{"do": "error", "status": 600}], "/0/status", "out_of_range"),
        ([{"do": "error", "probability": 1.1}], "/0/probability", "out_of_range"),
        ([{"do": "error", "times": -1}], "/0/times", "out_of_range"),
        ([{"do": "error", "times": False}], "/0/times", "wrong_type"),
        ([{"do": "error", "seed": "x"}], "/0/seed", "wrong_type"),
    ],
)
def test_a_fault_is_named_by_pointer(body: Any, pointer: str, code: str) -> None:
    with pytest.raises(BadBehaviours) as raised:
        read_behaviours(body)

    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [(pointer, code)]


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(BadBehaviours) as raised:
        read_behaviours([{"do": "x", "status": "y"}, 4])

    assert [fault.pointer for fault in raised.value.faults] == ["/0/do", "/0/status", "/1"]
