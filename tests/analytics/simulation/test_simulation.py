"""The simulated population: repeatable, judged fairly, and a place where `smart` earns its name."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command

from analytics.simulation.contenders import Contender, contenders
from analytics.simulation.population import BEGIN, known_populations, occasions, population
from analytics.simulation.results import Row, cost_of, engagement_at, estimate, frontier, rows
from analytics.simulation.tournament import tournament
from analytics.simulation.trial import Outcome, run
from orchestrator.rules.strategies.immediate import IMMEDIATE

CLICKS = population(known_populations()["clicks"])
BY_NAME = {contender.name: contender for contender in contenders(CLICKS)}


@pytest.fixture(scope="module")
def smart() -> Row:
    """`smart` that goes on until somebody clicks, in a small tournament with every static strategy, twice."""
    taking_part = [one for one in BY_NAME.values() if not one.learns or one.name == "smart, until clicked"]
    *_, found = tournament(CLICKS, taking_part, people=60, days=50, seeds=(1, 2))
    return found


def test_smart_engages_more_people_than_any_mixture_of_static_strategies_at_its_cost(smart: Row) -> None:
    assert smart.engagement_gain is not None
    assert smart.engagement_gain.mean >= 0.15


def test_smart_costs_less_than_any_mixture_of_static_strategies_that_engages_as_many(smart: Row) -> None:
    assert smart.cost_gain is not None
    assert smart.cost_gain.mean >= 0.20


def test_the_same_seed_is_the_same_story() -> None:
    first, again, other = (occasions(CLICKS, people=5, days=10, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert [one.at for one in first] == sorted(one.at for one in first)
    assert run(BY_NAME["smart"], CLICKS, first, counted_from=BEGIN) == run(
        BY_NAME["smart"], CLICKS, again, counted_from=BEGIN
    )


def test_a_static_strategy_does_what_it_says() -> None:
    story = occasions(CLICKS, people=10, days=10, seed=1)

    everything = run(BY_NAME["immediate, all channels"], CLICKS, story, counted_from=BEGIN)
    nothing = run(Contender("fax", IMMEDIATE, channels=("fax",)), CLICKS, story, counted_from=BEGIN)

    reached = [one.person.leanings for one in story]
    assert everything.messages == sum(map(len, reached))
    assert everything.cost_micros == sum(CLICKS.channels[name].cost_micros for person in reached for name in person)
    assert (nothing.messages, nothing.engaged, nothing.cost_micros) == (0, 0, 0)


def test_only_the_second_half_counts() -> None:
    story = occasions(CLICKS, people=10, days=10, seed=1)
    half = BEGIN + timedelta(days=5)

    counted = run(BY_NAME["email only"], CLICKS, story, counted_from=half)

    assert counted.occasions == sum(one.at >= half for one in story)


def test_persistence_stops_once_somebody_has_clicked() -> None:
    eager = msgspec.structs.replace(
        CLICKS,
        channels={
            name: msgspec.structs.replace(life, rate=0.999999, median_minutes=0.1, delivered=1.0, reach=1.0)
            for name, life in CLICKS.channels.items()
        },
    )
    story = occasions(eager, people=5, days=5, seed=1)

    found = run(BY_NAME["push first, until clicked"], eager, story, counted_from=BEGIN)

    assert found.engaged == found.occasions == found.messages


FRONTIER = [(0.0, 0.05), (100.0, 0.10), (200.0, 0.12), (1000.0, 0.30)]


def test_the_frontier_leaves_out_what_a_mixture_of_others_beats() -> None:
    points = [*FRONTIER, (500.0, 0.12), (2000.0, 0.29), (100.0, 0.08)]

    assert frontier(points) == [(0.0, 0.05), (100.0, 0.10), (1000.0, 0.30)]


@pytest.mark.parametrize(
    ("cost", "engagement"), [(0, 0.05), (50, 0.075), (100, 0.10), (550, 0.20), (1000, 0.30), (5000, 0.30)]
)
def test_what_is_reached_for_a_cost(cost: float, engagement: float) -> None:
    assert engagement_at(cost, frontier(FRONTIER)) == pytest.approx(engagement)


@pytest.mark.parametrize(("engagement", "cost"), [(0.01, 0), (0.10, 100), (0.20, 550), (0.30, 1000), (0.31, None)])
def test_what_an_engagement_costs(engagement: float, cost: float | None) -> None:
    assert cost_of(engagement, frontier(FRONTIER)) == (cost if cost is None else pytest.approx(cost))


def test_differences_are_taken_seed_by_seed() -> None:
    static = [Outcome(100, 10, 100, 1000), Outcome(100, 20, 100, 2000)]
    smart = [Outcome(100, 12, 100, 1000), Outcome(100, 24, 100, 2000)]

    _, found = rows({"static": static, "smart": smart}, learners=frozenset({"smart"}))

    assert found.engagement_gain is not None
    assert (found.engagement_gain.mean, found.engagement_gain.margin) == pytest.approx((0.2, 0.0))
    assert found.cost_gain is None  # nobody else engages as many


def test_an_interval_is_students() -> None:
    found = estimate([1.0, 2.0, 3.0])

    assert (found.mean, found.margin) == (2.0, pytest.approx(4.303 / 3**0.5))
    assert estimate([1.0]).margin == float("inf")


def test_the_command_prints_a_table_and_takes_any_file(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(known_populations()["alike"].read_text())
    out, err = StringIO(), StringIO()

    call_command("simulate", population=str(own), people=3, days=4, seeds=2, markdown=True, stdout=out, stderr=err)

    lines = out.getvalue().splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(BY_NAME)
    assert "seed 1 done" in err.getvalue()


@pytest.mark.parametrize(
    ("asked", "trouble"),
    [
        pytest.param({"population": "martians"}, "no population 'martians'; give a TOML file or one of", id="unknown"),
        pytest.param({"people": 0}, "must be 1 or more", id="nobody"),
    ],
)
def test_what_cannot_be_simulated_is_refused(asked: dict[str, object], trouble: str) -> None:
    with pytest.raises(CommandError, match=trouble):
        call_command("simulate", **asked)


@pytest.mark.parametrize("line", ["reach = 2.0", "rate = 0.0", "colour = 1", "nonsense"])
def test_a_file_that_is_wrong_says_where(tmp_path: Path, line: str) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(known_populations()["clicks"].read_text() + line + "\n")

    with pytest.raises(CommandError, match=r"wrong\.toml: "):
        call_command("simulate", population=str(wrong))
