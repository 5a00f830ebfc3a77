"""Every way one delivery can go between two workers that may die at any step: no promise broken, nothing stuck."""

import os
from dataclasses import replace

import pytest
from model import Rules, explore

from notifications.rules.states import DeliveryState

LONG = os.environ.get("CARILLON_FAULTS") == "long"
PROVIDERS = {
    "resent with a key": Rules("at_least_once", honours_key=True),
    "resent without a key": Rules("at_least_once", honours_key=False),
    "held": Rules("at_most_once", honours_key=False),
}
RECEIPTS = ("accepted", "delivered", "bounced", "failed")
CASES = {
    "the last step": {},
    "a step before others": {"last_step": False},
    "a turn that does not come": {"not_begun": 1},
    "receipts at any time": {"receipts": RECEIPTS},
    "a replay": {"budget": 1, "replays": 1},
}
LONG_CASES = {"three calls": {"budget": 3, "receipts": RECEIPTS}, "a second budget": {"budget": 2, "replays": 1}}


@pytest.mark.parametrize("case", [*CASES, *(LONG_CASES if LONG else ())])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.timeout(300)
def test_no_way_breaks_a_promise_and_every_way_ends(provider: str, case: str) -> None:
    found = explore(replace(PROVIDERS[provider], **(CASES | LONG_CASES)[case]))

    assert found.broken == ()
    assert found.stuck == ()
    assert found.worlds > 1_000


def test_all_cases_together_are_many_and_meet_every_state() -> None:
    cases = [replace(provider, receipts=RECEIPTS) for provider in PROVIDERS.values()]
    found = [explore(case) for case in cases]

    assert sum(one.worlds for one in found) >= 5_000
    assert frozenset().union(*(one.states for one in found)) == {str(state) for state in DeliveryState}


def test_only_a_provider_without_a_key_is_ever_told_twice_and_only_if_the_policy_says_so() -> None:
    most = {name: explore(rules).most_accepted for name, rules in PROVIDERS.items()}

    assert most == {"resent with a key": 1, "resent without a key": 2, "held": 1}


@pytest.mark.parametrize(
    ("guard", "trouble"),
    [
        ("fenced", "taken twice and nothing says so"),
        ("row_first", "taken, called lost, and nothing says so"),
    ],
)
def test_taking_a_guard_away_is_noticed(guard: str, trouble: str) -> None:
    found = explore(replace(PROVIDERS["resent without a key"], **{guard: False}))

    assert any(trouble in broken for broken in found.broken)


def test_a_call_that_proof_does_not_close_would_stay_open_for_ever() -> None:
    found = explore(replace(PROVIDERS["resent without a key"], disowns=False))

    assert found.stuck
    assert {(world.state, world.workers) for world in found.stuck} == {("sent", (None, None))}
