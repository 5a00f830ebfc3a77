"""Shares compared: intervals as in the books, and a test that may be read all the time."""

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.comparing import LEAST, SPREAD, Share, compared, wilson

COUNTS = st.integers(0, 100_000).flatmap(lambda n: st.builds(Share, st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(Share(0, 0), (0.0, 1.0), id="nobody"),
        # Brown, Cai, DasGupta 2001 give the formula; the numbers were computed with it by hand.
        pytest.param(Share(0, 10), (0.0, 0.2775), id="none of ten"),
        pytest.param(Share(5, 10), (0.2366, 0.7634), id="half of ten"),
        pytest.param(Share(15, 148), (0.0624, 0.1606), id="fifteen of 148"),
    ],
)
def test_wilson_intervals(share: Share, expected: tuple[float, float]) -> None:
    assert wilson(share) == pytest.approx(expected, abs=0.0005)


@given(share=COUNTS)
def test_a_rate_lies_in_its_interval(share: Share) -> None:
    low, high = wilson(share)

    assert 0 <= low <= high <= 1
    assert not share.people or low - 1e-9 <= share.rate <= high + 1e-9


@given(control=COUNTS, other=COUNTS)
def test_the_test_decides_exactly_when_its_interval_leaves_zero_out(control: Share, other: Share) -> None:
    found = compared(control, other)

    assert found.low <= found.difference <= found.high
    if min(control.people, other.people) >= LEAST and abs(found.p_value - 0.05) > 1e-9:
        assert found.decided is not (found.low <= 0 <= found.high)


@pytest.mark.parametrize(
    ("control", "other"),
    [(Share(200, 1000), Share(250, 1000)), (Share(10, 400), Share(12, 300)), (Share(0, 150), Share(9, 150))],
)
def test_the_p_value_is_one_over_the_mixture_of_likelihood_ratios(control: Share, other: Share) -> None:
    """The integral over all differences there could be, done numerically."""
    rates = [((share.successes + 1) / (share.people + 2), share.people) for share in (control, other)]
    spread = math.sqrt(sum(rate * (1 - rate) / people for rate, people in rates))
    seen, believed = NormalDist(0, spread), NormalDist(0, SPREAD)
    difference, width = other.rate - control.rate, 1e-4
    supposed = [number * width for number in range(-5000, 5001)]

    mixture = sum(seen.pdf(difference - one) / seen.pdf(difference) * believed.pdf(one) * width for one in supposed)

    assert compared(control, other).p_value == pytest.approx(min(1 / mixture, 1), rel=1e-3)


@given(control=COUNTS, other=COUNTS)
def test_exchanging_the_arms_turns_the_difference_round(control: Share, other: Share) -> None:
    found, turned = compared(control, other), compared(other, control)

    assert turned.difference == pytest.approx(-found.difference)
    assert turned.p_value == pytest.approx(found.p_value)


def _first_decision(rates: tuple[float, float], *, seed: int, people: int, every: int) -> int | None:
    """How many people in each arm there were when somebody who looks all the time first saw a decision."""
    lots = random.Random(seed)
    successes = [0, 0]
    for number in range(1, people + 1):
        for arm, rate in enumerate(rates):
            successes[arm] += lots.random() < rate
        if number % every == 0 and compared(Share(successes[0], number), Share(successes[1], number)).decided:
            return number
    return None


def test_looking_all_the_time_finds_no_difference_where_there_is_none() -> None:
    decisions = [_first_decision((0.2, 0.2), seed=seed, people=2000, every=20) for seed in range(200)]

    # At most 5 % in the long run; of 200, 19 are within two standard deviations. A z-test read so often errs far more.
    assert sum(decision is not None for decision in decisions) <= 19


def test_a_difference_that_is_there_is_found() -> None:
    decisions = [_first_decision((0.2, 0.3), seed=seed, people=2000, every=20) for seed in range(20)]

    assert sum(decision is not None for decision in decisions) >= 19


def test_too_few_people_decide_nothing() -> None:
    few, enough = LEAST - 1, LEAST

    assert not compared(Share(0, few), Share(few, few)).decided
    assert compared(Share(0, enough), Share(enough, enough)).decided
    assert not compared(Share(0, 0), Share(5, 5)).decided
