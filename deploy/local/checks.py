"""`./carillon test`: everything that must hold before a change goes in, in the order of what fails fastest."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from deploy.local.bootstrap import install
from deploy.local.console import Console
from deploy.local.paths import REPO, State
from deploy.local.services import start_postgres, start_valkey, temporary_folder
from deploy.local.spawn import run_in_front

HELP = """usage: ./carillon test [--keep-going]           everything, stopping at the first failure
       ./carillon test faults [--long] [args]   only tests/faults; args go to pytest
       ./carillon test <pytest arguments>       only pytest, e.g. tests/kernel -k backoff

PostgreSQL and Valkey are thrown away afterwards. CARILLON_TEST_DATABASE_URL and CARILLON_TEST_REDIS_URL
name servers to use instead; what is in them may be lost."""

# A test run must not touch or tell what the user's own environment points to.
DROPPED = ("DB_URL", "CACHE_URL", "SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT", "CARILLON_PROCESS", "DEBUG")
WORKERS = "3"  # one more than the two cores this is made for: tests wait for deadlines, and for processes to start
SHARED = ("-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder")  # by file, in the order of tests/conftest.py
THRICE = ("-n", "3", "--dist", "worksteal")  # faults are mostly waiting: three Carillons at once
SECRET_KEY = "only-for-tests-0123456789-0123456789-0123456789-0123456789"  # noqa: S105 - guards nothing


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must succeed; `{bin}` in the command is the folder of the virtual environment's programs."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


def _pytest(*words: str) -> tuple[str, ...]:
    return ("{bin}/python", "-m", "pytest", *words)


CHECKS = (
    Check("format", ("{bin}/ruff", "format", "--check")),
    Check("lint", ("{bin}/ruff", "check")),
    Check("types", ("{bin}/mypy",)),
    Check("floors", ("{bin}/lint-imports",)),
    Check("locked requirements", ("{bin}/python", "-m", "deploy.local.requirements")),
    Check("system checks", ("{bin}/python", "manage.py", "check")),
    Check("migrations", ("{bin}/python", "manage.py", "makemigrations", "--check", "--dry-run")),
    Check("tests", _pytest(*SHARED, "tests", "--ignore=tests/faults")),
    Check("faults", _pytest(*THRICE, "tests/faults")),
)
FAULTS = REPO / "tests" / "faults"


def test(state: State, *, words: Sequence[str], environ: Mapping[str, str], console: Console) -> int:
    """Run what `words` ask for; 0 when all of it succeeded."""
    if words and words[0] in ("-h", "--help"):
        console.say(HELP)
        return 0
    install(state, development=True, console=console)
    with ExitStack() as closing:
        env = _environment(state, environ=environ) | _servers(state, environ=environ, closing=closing, console=console)
        return _run_all(_chosen(words), env=env, state=state, keep_going="--keep-going" in words, console=console)


def _chosen(words: Sequence[str]) -> tuple[Check, ...]:
    match list(words):
        case [] | ["--keep-going"]:
            return tuple(check for check in CHECKS if check.name != "faults" or any(FAULTS.glob("test_*.py")))
        case ["faults", *rest]:
            long = {"CARILLON_FAULTS": "long"} if "--long" in rest else {}
            return (Check("faults", _pytest("tests/faults", *(word for word in rest if word != "--long")), env=long),)
        case _:
            return (Check("tests", _pytest(*words)),)


def _run_all(
    checks: Sequence[Check], *, env: Mapping[str, str], state: State, keep_going: bool, console: Console
) -> int:
    results: list[tuple[str, str, str]] = []
    failed = False
    for number, check in enumerate(checks, start=1):
        console.heading(f"{number}/{len(checks)} {check.name}")
        began = time.monotonic()
        command = [word.replace("{bin}", str(state.venv / "bin")) for word in check.command]
        code = run_in_front(command, env={**env, **check.env}, folder=REPO)
        failed = failed or code != 0
        results.append((check.name, f"{time.monotonic() - began:.1f} s", "ok" if code == 0 else f"failed ({code})"))
        if code != 0 and not keep_going:
            break
    if len(checks) > 1:
        console.heading("summary")
        console.table(results)
    return 1 if failed else 0


def _environment(state: State, *, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name.removesuffix("_FILE") not in DROPPED}
    return {
        **kept,
        "VIRTUAL_ENV": str(state.venv),
        "PATH": f"{state.venv / 'bin'}:{environ.get('PATH', '')}",
        "SECRET_KEY": SECRET_KEY,
        "PYTHONUNBUFFERED": "1",
    }


def _servers(state: State, *, environ: Mapping[str, str], closing: ExitStack, console: Console) -> dict[str, str]:
    """Servers for this run alone, or those named for tests."""
    database_url = environ.get("CARILLON_TEST_DATABASE_URL")
    redis_url = environ.get("CARILLON_TEST_REDIS_URL")
    began = time.monotonic()
    folder = closing.enter_context(temporary_folder("carillon-test-"))
    if not database_url:
        postgres = start_postgres(folder / "postgres", durable=False, venv=state.venv)
        closing.callback(postgres.stop)
        database_url = postgres.url
    if not redis_url:
        valkey = start_valkey(folder / "valkey", durable=False, venv=state.venv)
        closing.callback(valkey.stop)
        redis_url = valkey.url
    console.step(f"PostgreSQL and Valkey for this run are ready ({time.monotonic() - began:.1f} s)")
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "BROKER_URL": redis_url}
