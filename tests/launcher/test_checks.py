"""`./carillon test`: which checks run, in which order, and what becomes of a failure."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import checks
from deploy.local.checks import Check
from deploy.local.console import Console
from deploy.local.paths import REPO, State

SERVERS = {"CARILLON_TEST_DATABASE_URL": "postgresql://x/test", "CARILLON_TEST_REDIS_URL": "redis://x/0"}
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `carillon test` with a stand-in for Python that notes its arguments; the exit code and the notes."""
    notes = tmp_path / "notes"
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {notes}\necho "$DATABASE_URL" >> {notes}\n')
    python.chmod(0o755)
    monkeypatch.setenv("CARILLON_VENV", str(tmp_path))

    def run_with(*words: str, environ: dict[str, str] | None = None) -> tuple[int, list[str]]:
        notes.unlink(missing_ok=True)
        state = State(folder=tmp_path, venv=tmp_path)
        given = {**SERVERS, "PATH": os.environ["PATH"], **(environ or {})}
        code = checks.test(state, words=words, environ=given, console=Console(io.StringIO()))
        return code, notes.read_text().splitlines() if notes.exists() else []

    return run_with


def note(name: str, *, code: int = 0) -> Check:
    return Check(name, ("sh", "-c", f'"{{bin}}/python" {name}; exit {code}'))


def test_all_checks_run_in_order(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (note("one"), note("two")))

    assert run() == (0, ["one|postgresql://x/test", "two|postgresql://x/test"])


def test_the_first_failure_ends_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (note("one", code=3), note("two")))

    assert run() == (1, ["one|postgresql://x/test"])


def test_it_keeps_going_when_told_to_and_fails_all_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (note("one", code=3), note("two")))

    assert run("--keep-going") == (1, ["one|postgresql://x/test", "two|postgresql://x/test"])


def test_other_words_go_to_pytest_as_they_are(run: Run) -> None:
    assert run("tests/kernel", "-k", "a or {b}") == (
        0,
        ["-m|pytest|tests/kernel|-k|a or {b}|postgresql://x/test"],
    )


def test_faults_alone_can_be_asked_for(run: Run) -> None:
    assert run("faults", "--long", "-x") == (0, ["-m|pytest|tests/faults|-x|postgresql://x/test"])


def test_the_database_of_the_user_is_never_touched(run: Run) -> None:
    notes = run("tests/kernel", environ={"DATABASE_URL": "postgresql://production/x", "DB_URL": "y"})[1]

    assert notes == ["-m|pytest|tests/kernel|postgresql://x/test"]


def test_the_checks_are_those_that_were_promised() -> None:
    assert [check.name for check in checks.CHECKS] == [
        "format",
        "lint",
        "types",
        "floors",
        "locked requirements",
        "system checks",
        "migrations",
        "tests",
        "faults",
    ]


def test_continuous_integration_runs_exactly_that() -> None:
    script = (REPO / ".ci" / "run").read_text()

    assert script.rstrip().endswith('exec ./carillon test "$@"')
    assert os.access(REPO / ".ci" / "run", os.X_OK)
