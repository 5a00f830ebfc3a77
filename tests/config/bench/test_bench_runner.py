"""Turns are interleaved, and only turns that did all of their work have figures."""

import pytest

from config.bench.runner import run
from config.bench.values import CARILLON, Goal, Result
from config.bench.workload import Workload
from tests.config.bench.scripted import broken, forgetful, rising, scripted, steady

NAIVE = "naive"


def ran(workload: Workload, *, repeats: int = 3) -> Result:
    return run(workload, repeats=repeats, tell=lambda _: None)


def test_contenders_take_turns_after_a_warm_up_and_another_one_begins_each_time() -> None:
    workload, taken = scripted({CARILLON: steady(1), NAIVE: steady(1)}, size=10_000)

    ran(workload)

    assert taken == [
        (CARILLON, 500), (NAIVE, 500),
        (CARILLON, 10_000), (NAIVE, 10_000),
        (NAIVE, 10_000), (CARILLON, 10_000),
        (CARILLON, 10_000), (NAIVE, 10_000),
    ]  # fmt: skip


def test_the_warm_up_has_no_figure() -> None:
    workload, _ = scripted({CARILLON: rising(1.0, 10.0, 30.0, 20.0)})

    (tally,) = ran(workload).tallies

    assert tally.figures["rate"].values == (10.0, 30.0, 20.0)


def test_a_turn_that_did_not_do_its_work_has_no_figure_and_turns_the_result_red() -> None:
    workload, _ = scripted({CARILLON: forgetful(9999.0), NAIVE: steady(1)})

    result = ran(workload)

    assert not result.sound
    assert result.tallies[0].figures == {}
    assert result.tallies[0].troubles == ("sent 999 instead of 1000",)
    assert result.tallies[1].figures["rate"].median == 1


def test_a_contender_that_breaks_does_not_stop_the_others() -> None:
    workload, taken = scripted({CARILLON: broken, NAIVE: steady(5)})

    result = ran(workload, repeats=1)

    assert result.tallies[0].troubles == ("the worker ended with 1",)
    assert taken[-1] == (NAIVE, 1000)
    assert not result.sound


def test_a_ledger_that_does_not_balance_turns_the_result_red() -> None:
    workload, _ = scripted({CARILLON: steady(1)}, after=("the ledger misses 3",))

    result = ran(workload)

    assert (result.sound, result.troubles) == (False, ("the ledger misses 3",))


def test_who_is_not_installed_takes_no_turn_and_is_no_trouble() -> None:
    workload, taken = scripted({CARILLON: steady(1), "other": broken}, absent={"other": "not installed"})

    result = ran(workload)

    assert {name for name, _ in taken} == {CARILLON}
    assert result.sound
    assert result.tallies[1].absent == "not installed"


@pytest.mark.parametrize(
    ("goal", "value", "standing"),
    [
        (Goal("P0", "rate", floor=2, goal=5, over=NAIVE), 6.0, "goal"),
        (Goal("P0", "rate", floor=2, goal=7, over=NAIVE), 6.0, "floor"),
        (Goal("P0", "rate", floor=6.5, goal=7, over=NAIVE), 6.0, "missed"),
        (Goal("P0", "rate", floor=100, goal=10, at_most=True), 60.0, "floor"),
        (Goal("P0", "rate", floor=50, goal=10, at_most=True), 60.0, "missed"),
        (Goal("P0", "rate", floor=2, goal=5, over="nobody"), None, "unknown"),
        (Goal("P0", "rate", floor=2, goal=5, of="nobody"), None, "unknown"),
    ],
)
def test_a_goal_is_judged_by_medians_against_its_anchor(goal: Goal, value: float | None, standing: str) -> None:
    workload, _ = scripted({CARILLON: rising(1, 50, 60, 70), NAIVE: steady(10)}, goals=(goal,))

    (verdict,) = ran(workload).verdicts

    assert (verdict.value, verdict.standing) == (value, standing)


def test_the_title_says_how_much_it_is() -> None:
    workload, _ = scripted({CARILLON: steady(1)}, size=12_345)

    assert ran(workload, repeats=1).title == "Nothing at all for 12,345 people"
