"""`manage.py simulate`: let `smart` and the static strategies speak to an invented population, and compare."""

import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from analytics.simulation.contenders import contenders
from analytics.simulation.population import Population, known_populations, population
from analytics.simulation.results import Estimate, Row
from analytics.simulation.tournament import tournament

HEADINGS = (
    "Strategy", "Engaged", "Cost per 1000", "Messages", "Engagement at same cost", "Cost at same engagement",
    "Engagement against best static", "Cost against best static",
)  # fmt: skip


class Command(BaseCommand):
    help = "Let smart and the static strategies speak to an invented population; nothing is sent and nothing is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(known_populations())
        parser.add_argument("--population", default="clicks", help=f"a TOML file, or one of ours: {names}")
        parser.add_argument("--people", type=int, default=300)
        parser.add_argument("--days", type=int, default=90, help="the second half counts, the first is for learning")
        parser.add_argument("--seeds", type=int, default=10, help="how many times, each with other people")
        parser.add_argument("--markdown", action="store_true", help="a table to paste into a document")

    def handle(self, *, population: str, people: int, days: int, seeds: int, markdown: bool, **_: Any) -> None:
        if min(people, days, seeds) < 1:
            raise CommandError("--people, --days and --seeds must be 1 or more")
        world = _read(population)
        console = Console(file=cast(IO[str], self.stderr))
        found = tournament(
            world, contenders(world), people=people, days=days, seeds=range(seeds),
            told=lambda seed: console.print(f"seed {seed} done", style="dim"),
        )  # fmt: skip
        lines = [_told(row) for row in found]
        if markdown:
            self.stdout.write(_markdown(lines))
        else:
            Console(file=cast(IO[str], self.stdout)).print(_table(lines))


def _read(name: str) -> Population:
    path = known_populations().get(name, Path(name))
    try:
        return population(path)
    except FileNotFoundError:
        known = ", ".join(known_populations())
        raise CommandError(f"no population '{name}'; give a TOML file or one of: {known}") from None
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as trouble:
        raise CommandError(f"{path}: {trouble}") from trouble


def _told(row: Row) -> list[str]:
    return [
        row.name,
        f"{row.engagement.mean:.1%} ± {row.engagement.margin:.1%}",
        f"{row.cost.mean / 1000:.2f}",
        f"{row.messages.mean:.2f}",
        _change(row.engagement_gain),
        _change(row.cost_gain, sign=-1),
        _change(row.over_best),
        _change(row.cost_below_best, sign=-1),
    ]


def _change(found: Estimate | None, *, sign: int = 1) -> str:
    return "" if found is None else f"{sign * found.mean:+.0%} ± {found.margin:.0%}"


def _table(lines: list[list[str]]) -> Table:
    table = Table(title="The second half of the days; ± is 95 % over seeds")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number else "left")
    for line in lines:
        table.add_row(*line)
    return table


def _markdown(lines: list[list[str]]) -> str:
    head = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" + "---:|" * (len(HEADINGS) - 1)]
    return "\n".join([*head, *("| " + " | ".join(line) + " |" for line in lines)])
