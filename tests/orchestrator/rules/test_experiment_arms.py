"""Who gets which arm: by the salt and the recipient, by weight, and without moving anybody who need not move."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.experiments import HOLDOUT, Arm, arm_faults, arms_in, assigned, concerns, overlap

PEOPLE = [f"user-{number}" for number in range(4000)]
NAMES = st.text(max_size=20)
ONE = st.builds(Arm, st.sampled_from("abcdef"), st.integers(1, 1000))
ARMS = st.lists(ONE, min_size=1, max_size=6, unique_by=lambda arm: arm.key)


def test_shares_converge_to_the_weights() -> None:
    arms = (Arm("a", 1), Arm("b", 3), Arm("c", 6))

    count = Counter(assigned(person, salt="s", arms=arms, holdout_percent=10) for person in PEOPLE)

    # Four standard deviations of a binomial share of 4000 are at most 0.032.
    shares = {arm: number / len(PEOPLE) for arm, number in count.items()}
    assert shares == pytest.approx({HOLDOUT: 0.1, "a": 0.09, "b": 0.27, "c": 0.54}, abs=0.032)


@given(arms=ARMS, person=NAMES, salt=st.text(max_size=8))
def test_the_order_of_the_arms_does_not_matter(arms: list[Arm], person: str, salt: str) -> None:
    assert assigned(person, salt=salt, arms=arms) == assigned(person, salt=salt, arms=list(reversed(arms)))


@given(arms=ARMS, person=NAMES, more=st.integers(1, 1000))
def test_more_weight_takes_nobody_out_of_an_arm(arms: list[Arm], person: str, more: int) -> None:
    mine = assigned(person, salt="s", arms=arms)

    heavier = [Arm(arm.key, arm.weight + (more if arm.key == mine else 0)) for arm in arms]

    assert assigned(person, salt="s", arms=heavier) == mine


@given(arms=ARMS, person=NAMES)
def test_another_arm_takes_only_those_whom_it_wins(arms: list[Arm], person: str) -> None:
    before = assigned(person, salt="s", arms=arms)

    assert assigned(person, salt="s", arms=[*arms, Arm("new", 50)]) in (before, "new")


@given(person=NAMES, small=st.floats(0, 90), large=st.floats(0, 90))
def test_a_larger_holdout_keeps_who_was_in_it(person: str, small: float, large: float) -> None:
    arms = (Arm("a"), Arm("b"))
    small, large = sorted((small, large))

    in_small = assigned(person, salt="s", arms=arms, holdout_percent=small) == HOLDOUT

    assert not in_small or assigned(person, salt="s", arms=arms, holdout_percent=large) == HOLDOUT


def test_experiments_with_other_salts_do_not_go_together() -> None:
    arms = (Arm("a"), Arm("b"))

    both = Counter((assigned(p, salt="one", arms=arms), assigned(p, salt="two", arms=arms)) for p in PEOPLE)

    assert {pair: number / len(PEOPLE) for pair, number in both.items()} == pytest.approx(
        {("a", "a"): 0.25, ("a", "b"): 0.25, ("b", "a"): 0.25, ("b", "b"): 0.25}, abs=0.028
    )


REFUSED = [
    pytest.param([], "/arms", "out_of_range", id="no arms"),
    pytest.param([{"key": str(n)} for n in range(11)], "/arms", "out_of_range", id="too many"),
    pytest.param(["a"], "/arms/0", "bad_arm", id="a word"),
    pytest.param([{}], "/arms/0/key", "bad_key", id="no key"),
    pytest.param([{"key": "holdout"}], "/arms/0/key", "bad_key", id="the name of the holdout"),
    pytest.param([{"key": "a"}, {"key": "a"}], "/arms/1/key", "duplicate", id="twice"),
    pytest.param([{"key": "a", "weight": 0}], "/arms/0/weight", "out_of_range", id="no weight"),
    pytest.param([{"key": "a", "strategy": "loud"}], "/arms/0/strategy", "unknown_strategy", id="unknown strategy"),
    pytest.param([{"key": "a", "colour": "red"}], "/arms/0/colour", "unknown_field", id="unknown field"),
]


@pytest.mark.parametrize(("arms", "pointer", "code"), REFUSED)
def test_arms_that_will_not_do_are_refused(arms: list[Any], pointer: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in arm_faults(arms, strategies=("smart",))] == [(pointer, code)]


def test_arms_are_read_as_they_were_written() -> None:
    stored = [{"key": "a"}, {"key": "b", "weight": 3, "strategy": "smart", "template": "order@7"}]

    assert arms_in(stored) == (Arm("a"), Arm("b", 3, "smart", "order@7"))
    assert list(arm_faults(stored, strategies=("smart",))) == []


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [((), (), True), ((), ("a",), True), (("a",), ("b",), False), (("a", "b"), ("b", "c"), True)],
)
def test_two_experiments_on_one_type_overlap(mine: tuple[str, ...], theirs: tuple[str, ...], expected: bool) -> None:
    assert overlap(mine, theirs) is overlap(theirs, mine) is expected


def test_an_experiment_on_no_type_in_particular_is_about_every_message() -> None:
    assert (concerns((), "otp"), concerns(("otp",), "otp"), concerns(("otp",), "news")) == (True, True, False)
