"""Evidence moves shares: in the right direction, not too far, not for noise, and back again."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.rules.evidence import LARGEST_STEP, Shift, Weighed, shifts
from channels_app.rules.health import Health

WELL = Health(200, 1.0, 100, 200)
HEALTH = st.one_of(
    st.just(Health(0, None, None, None)),
    st.builds(Health, st.integers(1, 1000), st.floats(0, 1), st.integers(1, 40_000), st.integers(1, 40_000)),
)


def after(health: Health, *, weight: int = 100, share: int = 100, peer: Health = WELL) -> tuple[int, str]:
    found = {shift.key: shift for shift in shifts([Weighed("a", weight, share, health), Weighed("b", 100, 100, peer)])}
    shift = found.get("a", Shift("a", share, share, ""))
    return shift.after, shift.reason


@pytest.mark.parametrize(
    ("health", "share", "expected", "reason"),
    [
        pytest.param(WELL, 100, 100, "", id="well"),
        pytest.param(Health(200, 0.97, 100, 200), 100, 100, "", id="a few failures are nobody's fault"),
        pytest.param(Health(200, 0.96, 100, 200), 100, 100, "", id="noise moves nothing"),
        pytest.param(Health(240, 0.735, 100, 200), 100, 80, "74% of 240 calls succeeded", id="failing"),
        pytest.param(Health(200, 0.0, 100, 200), 100, 70, "0% of 200 calls succeeded", id="no step is larger"),
        pytest.param(Health(200, 0.0, 100, 200), 6, 5, "0% of 200 calls succeeded", id="a rest stays"),
        pytest.param(Health(19, 0.0, 100, 200), 100, 100, "", id="too few calls"),
        pytest.param(Health(19, 0.0, 100, 200), 50, 60, "no evidence against it: it drifts back", id="drifts back"),
        pytest.param(WELL, 50, 70, "it does well again", id="recovers"),
        pytest.param(WELL, 99, 100, "it does well again", id="wholly"),
        pytest.param(Health(200, 1.0, 130, 200), 100, 100, "", id="a little slower"),
        pytest.param(
            Health(200, 1.0, 260, 900), 100, 80, "half of the calls take 260 ms, 2.6 times the fastest", id="slow"
        ),
    ],
)
def test_one_step(health: Health, share: int, expected: int, reason: str) -> None:
    assert after(health, share=share) == (expected, reason)


def test_an_account_alone_keeps_its_weight() -> None:
    bad = Health(500, 0.0, 9000, 9000)

    assert shifts([Weighed("a", 100, 100, bad)]) == []
    assert [shift.after for shift in shifts([Weighed("a", 100, 20, bad)])] == [30]


def test_who_is_fastest_is_judged_among_those_with_evidence() -> None:
    assert after(Health(200, 1.0, 260, 900), peer=Health(5, 1.0, 1, 1))[0] == 100


@given(weight=st.integers(0, 1000), share=st.integers(0, 1000), healths=st.lists(HEALTH, min_size=1, max_size=5))
def test_every_step_is_bounded(weight: int, share: int, healths: list[Health]) -> None:
    accounts = [Weighed(str(n), weight, min(share, weight), health) for n, health in enumerate(healths)]

    for shift in shifts(accounts):
        assert 0 <= shift.after <= weight
        assert shift.after != shift.before
        assert shift.reason
        assert abs(shift.after - shift.before) <= max(weight * LARGEST_STEP, weight * 0.05 + 1, 1) + 1


def minutes(rates: list[float], *, seed: int, start: Weighed, speeds: int = 100) -> list[int]:
    """The shares of an account whose calls succeed with `rates`, minute by minute, beside one that does well."""
    chance, share, found = random.Random(seed), start.share, []
    window: list[tuple[int, int]] = []
    for rate in rates:
        calls = 3 + round(60 * share / (share + 100))
        window = [*window[-9:], (sum(chance.random() < rate for _ in range(calls)), calls)]
        total = sum(number for _, number in window)
        health = Health(total, sum(good for good, _ in window) / total, speeds, speeds)
        peer = Weighed("b", 100, 100, WELL)
        moved = [shift for shift in shifts([replace(start, share=share, health=health), peer]) if shift.key == "a"]
        share = moved[0].after if moved else share
        found.append(share)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_a_failing_account_loses_its_share_and_gets_it_back(seed: int) -> None:
    start = Weighed("a", 100, 100, WELL)

    shares = minutes([1.0] * 10 + [0.4] * 30 + [1.0] * 60, seed=seed, start=start)

    assert shares[9] == 100
    assert min(shares[25:40]) <= 15
    assert shares[-1] == 100
    assert all(abs(later - sooner) <= 30 for sooner, later in pairwise(shares))


@pytest.mark.parametrize("seed", range(20))
def test_the_noise_of_a_good_account_moves_nothing(seed: int) -> None:
    shares = minutes([0.995] * 500, seed=seed, start=Weighed("a", 100, 100, WELL))

    assert min(shares) >= 90
    assert sum(sooner != later for sooner, later in pairwise(shares)) <= 10
