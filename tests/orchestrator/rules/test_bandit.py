"""What is believed of channels and hours, and how an arm is drawn: repeatable, and no arm is ever forgotten."""

from collections.abc import Callable
from datetime import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.bandit import (
    ALIKE_WORTH,
    GUESS,
    Arm,
    Beta,
    ChannelEvidence,
    _normals,
    _sampler,
    believed,
    bucket,
    bucket_of,
    drawn,
    propensities,
)

counts = st.tuples(st.floats(0, 10_000), st.floats(0, 1)).map(lambda made: (made[0], made[0] * made[1]))


def sampler(belief: Beta, *, seed: int) -> Callable[[], float]:
    lots = Random(seed)
    return _sampler(belief, lots, _normals(lots).__next__)


def an_arm(channel: str, successes: float, failures: float, *, cost: float = 0.0) -> Arm:
    return Arm(channel, 0, Beta(successes, failures), 100.0, cost)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(ChannelEvidence(), GUESS["email"], id="nothing known: the platform's guess"),
        pytest.param(ChannelEvidence(tenant=(20, 6)), 0.2, id="the tenant's people, half guessed"),
        pytest.param(ChannelEvidence(tenant=(20, 6), alike=(30, 12)), 0.3, id="those who behave alike"),
        pytest.param(ChannelEvidence(tenant=(20, 6), alike=(30, 12), own=(10, 7)), 0.5, id="their own history"),
        pytest.param(
            ChannelEvidence(tenant=(20, 6), alike=(30, 12), hours={"weekday-09": (60, 42)}), 0.5, id="a good hour"
        ),
        pytest.param(
            ChannelEvidence(tenant=(20, 6), alike=(30, 12), hours={"weekday-12": (60, 42)}), 0.3, id="another hour"
        ),
        pytest.param(ChannelEvidence(tenant=(500, 0)), GUESS["email"], id="engagement is not heard of there"),
    ],
)
def test_little_evidence_leans_on_more_evidence_of_a_wider_kind(evidence: ChannelEvidence, expected: float) -> None:
    assert believed("email", evidence, "weekday-09").mean == pytest.approx(expected)


def test_own_history_makes_a_belief_firm_and_others_do_not() -> None:
    of_others = believed("email", ChannelEvidence(tenant=(9_000, 900), alike=(900, 90)), "weekday-09")
    own = believed("email", ChannelEvidence(tenant=(9_000, 900), own=(90, 9)), "weekday-09")

    assert of_others.successes + of_others.failures == pytest.approx(ALIKE_WORTH)
    assert own.successes + own.failures == pytest.approx(ALIKE_WORTH + 90)


@given(tenant=counts, alike=counts, own=counts, hour=counts)
def test_a_belief_is_always_a_distribution(
    tenant: tuple[float, float], alike: tuple[float, float], own: tuple[float, float], hour: tuple[float, float]
) -> None:
    belief = believed("push", ChannelEvidence(tenant, alike, own, {"weekday-09": hour}), "weekday-09")

    assert belief.successes > 0
    assert belief.failures > 0
    assert 0 < belief.mean < 1


@given(
    beliefs=st.lists(st.tuples(st.floats(0.01, 500), st.floats(0.01, 500)), min_size=1, max_size=6),
    seed=st.integers(0, 2**63),
    exploration=st.floats(0, 1),
)
def test_propensities_are_shares_that_leave_nobody_out_and_can_be_repeated(
    beliefs: list[tuple[float, float]], seed: int, exploration: float
) -> None:
    arms = [an_arm(str(number), *belief) for number, belief in enumerate(beliefs)]

    shares = propensities(arms, seed=seed, exploration=exploration)

    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= exploration / len(arms)
    assert shares == propensities(arms, seed=seed, exploration=exploration)
    assert 0 <= drawn(shares, seed=seed) < len(arms)


def test_arms_are_drawn_as_often_as_their_propensities_say() -> None:
    shares = (0.7, 0.2, 0.1)

    found = [drawn(shares, seed=seed * 7919) for seed in range(4000)]

    assert [round(found.count(place) / 4000, 1) for place in range(3)] == [0.7, 0.2, 0.1]


def test_the_better_arm_is_drawn_more_and_a_dear_one_less() -> None:
    good, bad = an_arm("push", 40, 60), an_arm("email", 10, 90)
    dear = an_arm("push", 40, 60, cost=35)

    assert propensities([good, bad], seed=1, exploration=0.02)[0] == pytest.approx(0.99)
    assert propensities([dear, bad], seed=1, exploration=0.02)[0] < 0.5


def test_the_sampler_has_the_mean_and_the_spread_of_its_distribution() -> None:
    for belief in (Beta(0.4, 3.6), Beta(2, 8), Beta(60, 40)):
        draw = sampler(belief, seed=5)
        drawn_ones = [draw() for _ in range(4000)]
        total = belief.successes + belief.failures
        variance = belief.mean * (1 - belief.mean) / (total + 1)
        mean = sum(drawn_ones) / len(drawn_ones)

        assert mean == pytest.approx(belief.mean, abs=4 * (variance / 4000) ** 0.5)
        assert sum((x - mean) ** 2 for x in drawn_ones) / 4000 == pytest.approx(variance, rel=0.15)


def test_the_same_seed_draws_the_same_numbers_on_every_machine() -> None:
    draw = sampler(Beta(0.5, 4.5), seed=2026)

    assert [round(draw(), 9) for _ in range(3)] == SEEN


SEEN = [0.001702105, 0.002004969, 0.056799391]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T00:00", "weekday-00"),
        ("2026-11-20T11:59", "weekday-09"),
        ("2026-11-21T12:00", "weekend-12"),
        ("2026-11-22T23:59", "weekend-21"),
    ],
)
def test_the_week_has_parts_of_three_hours(moment: str, expected: str) -> None:
    assert bucket_of(datetime.fromisoformat(moment)) == expected


def test_hours_of_the_week_have_the_same_parts() -> None:
    assert (bucket(0), bucket(4 * 24 + 23), bucket(5 * 24), bucket(167)) == (
        "weekday-00", "weekday-21", "weekend-00", "weekend-21",
    )  # fmt: skip
