"""`manage.py bench`, by way of `./carillon bench`, which brings servers for it."""

import os
import shlex
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from config.bench import machine
from config.bench.arena import Arena
from config.bench.databases import durability
from config.bench.inspection import inspected
from config.bench.progress import Progress
from config.bench.report import machine_readable, markdown, terminal
from config.bench.report.session import QUICK, SIZED, Session, Spent
from config.bench.runner import run
from config.bench.values import Result, Trouble
from config.bench.workload import Scale, Workload, load, workloads
from config.environment import DATABASE_URL, REDIS_URL, TABLE
from deploy.local.paths import REPO
from kernel.clock import now
from kernel.env import given

REPEATS, QUICK_REPEATS = 3, 1
PROFILED, QUICK_PROFILED = 20_000, 2_000  # recipients of the campaign that is looked at
INTERRUPTED, TERMINATED = 130, 143
REPORTS = REPO / "docs" / "benchmarks"


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' will not do; a whole number from 1 on would")
    return int(text)


def _chosen(text: str) -> tuple[type[Workload], ...]:
    load()
    keys = [key.strip().upper() for key in text.split(",") if key.strip()]
    if unknown := [key for key in keys if key not in workloads]:
        raise ArgumentTypeError(f"no workload '{unknown[0]}'; known: {', '.join(workloads.keys())}")
    return tuple(workload for workload in workloads if workload.key in keys)


class Command(BaseCommand):
    help = "Measure Carillon beside other builds and the physical limit, in one run, on databases of its own."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="small sizes, one turn each, all within five minutes")
        parser.add_argument("--only", type=_chosen, metavar="P1,P2", help="these workloads")
        parser.add_argument(
            "--repeats", type=_positive, metavar="N", help=f"turns of each contender (default {REPEATS})"
        )
        parser.add_argument(
            "--size", type=_positive, metavar="N", help="items in a turn, instead of each workload's own"
        )
        parser.add_argument("--profile", action="store_true", help="afterwards, name where the time of a worker goes")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was found there")
        parser.add_argument("--report", action="store_true", help="write a page into docs/benchmarks/")

    def handle(
        self,
        *,
        quick: bool,
        only: Sequence[type[Workload]] | None,
        repeats: int | None,
        size: int | None,
        profile: bool,
        json: Path | None,
        report: bool,
        **_: Any,
    ) -> None:
        load()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # so that everything is cleaned up
        turns = repeats or (QUICK_REPEATS if quick else REPEATS)
        at, console = now(), Console()
        try:
            facts, results, spent = _measured(
                only or tuple(workloads), scale=Scale(quick, size), repeats=turns, profile=profile
            )
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        except KeyboardInterrupt:
            raise CommandError("interrupted; everything it had started is gone", returncode=INTERRUPTED) from None
        caveat = QUICK if quick else SIZED if size else ""
        session = Session(at, _typed(), turns, caveat, facts, results, spent)
        terminal.show(session, console)
        if json is not None:
            json.write_text(machine_readable.written(session))
        if report:
            page = REPORTS / f"{at:%Y-%m-%d-%H%M}.md"
            page.parent.mkdir(exist_ok=True)
            page.write_text(markdown.written(session))
            console.print(f"written: {page}", highlight=False)
        if not session.sound or (session.missed and not caveat):
            sys.exit(1)


def _measured(
    chosen: Sequence[type[Workload]], *, scale: Scale, repeats: int, profile: bool
) -> tuple[Mapping[str, str], tuple[Result, ...], tuple[Spent, ...]]:
    """Run the workloads one after the other; the facts about where, what became of each, and the profile."""
    named = given(TABLE, os.environ)
    with Arena(server_url=named[DATABASE_URL.name], redis_url=named[REDIS_URL.name]) as arena, Progress() as progress:
        facts = {**machine.described(), "PostgreSQL": _promises(durability(arena.server_url))}
        results = tuple(
            run(workload(arena, scale), repeats=repeats, tell=progress.telling(workload.key)) for workload in chosen
        )
        spent: tuple[Spent, ...] = ()
        if profile:
            progress.telling("profile")("one campaign under cProfile")
            size = scale.of(full=PROFILED, quick=QUICK_PROFILED)
            spent = tuple(Spent(**row) for row in inspected(arena, size, profile=True)["profile"])
    return facts, results, spent


def _promises(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in found.items())


def _typed() -> str:
    return shlex.join(["./carillon", *sys.argv[1:]])
