"""What the reports say of a run."""

import io
import json
from datetime import UTC, datetime

from rich.console import Console

from config.bench.report import machine_readable, markdown, terminal
from config.bench.report.session import SIZED, Session
from config.bench.runner import run
from config.bench.values import CARILLON, Goal
from config.bench.workload import Workload
from tests.config.bench.scripted import forgetful, rising, scripted, steady

GOAL = Goal("P0", "rate", floor=2, goal=5, over="naive")


def session_of(*workloads: Workload, caveat: str = "") -> Session:
    return Session(
        at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        command="./carillon bench --only P0",
        repeats=3,
        caveat=caveat,
        facts={"machine": "two cores", "PostgreSQL": "fsync on"},
        results=tuple(run(workload, repeats=3, tell=lambda _: None) for workload in workloads),
    )


def a_good_one() -> Workload:
    scripts = {CARILLON: rising(1, 4000, 5000, 6000), "naive": steady(1200.5), "other": steady(1)}
    return scripted(scripts, goals=(GOAL,), absent={"other": "not installed: pip install other"})[0]


def test_the_page_says_what_was_measured_on_what_by_whom_and_how_it_compares() -> None:
    page = markdown.written(session_of(a_good_one()))

    assert page.startswith("# Benchmark of 2026-11-20 12:00 UTC\n")
    assert "- command: `./carillon bench --only P0`, 3 turns each, medians (least to most)" in page
    assert "- machine: two cores" in page
    assert "## P0: Nothing at all for 1,000 people" in page
    assert "- on: nothing" in page
    assert "| Carillon | 1,000 | 5,000 /s (4,000 to 6,000) |" in page
    assert "| other | not installed: pip install other |  |" in page
    assert "| P0 | sent ÷ naive | 4.16 | ≥ 2.00 | ≥ 5.00 | above the floor |" in page


def test_a_run_by_which_nobody_is_to_be_judged_says_so() -> None:
    assert SIZED in markdown.written(session_of(a_good_one(), caveat=SIZED))
    assert SIZED not in markdown.written(session_of(a_good_one()))


def test_work_that_was_not_done_is_said_in_bold_and_has_no_figure() -> None:
    page = markdown.written(session_of(scripted({CARILLON: forgetful(9999)}, after=("the ledger misses 3",))[0]))

    assert "- **the ledger misses 3**" in page
    assert "- **Carillon: sent 999 instead of 1000**" in page
    assert "| Carillon | 1,000 | – |" in page
    assert "9,999" not in page


def test_programs_get_every_single_turn() -> None:
    found = json.loads(machine_readable.written(session_of(a_good_one())))

    assert found["sound"] is True
    (workload,) = found["workloads"]
    assert workload["contenders"][0]["figures"]["rate"]["turns"] == [4000, 5000, 6000]
    assert workload["goals"][0]["standing"] == "floor"


def test_the_terminal_shows_troubles_and_gives_no_verdict() -> None:
    said = io.StringIO()

    terminal.show(session_of(scripted({CARILLON: forgetful(9999)})[0]), Console(file=said, width=120))

    assert "P0: Carillon: sent 999 instead of 1000" in said.getvalue()
    assert "not all of the work was done" in said.getvalue()


def test_goals_below_the_floor_are_known_to_the_session() -> None:
    slow, _ = scripted({CARILLON: steady(1), "naive": steady(1)}, goals=(GOAL,))

    assert [verdict.goal for verdict in session_of(slow).missed] == [GOAL]
    assert session_of(a_good_one()).missed == ()
