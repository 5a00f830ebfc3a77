"""`python -m config.bench.inside`: a worker whose statements are counted and whose time is looked at.

It answers no bells: it is told when to plan and send what waits in the lane of medium priority. Its speed means
nothing.
"""

import cProfile
import os
import pstats
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from config.bench.processes import answer, told
from config.processes import WORKER, enter
from deploy.local.paths import REPO

LANE = 2  # medium
OURS, OTHERS = 20, 12  # functions in a profile


def main() -> None:
    """Work once when told, then say what it took."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    enter(WORKER)
    django.setup()

    from orchestrator.pipeline import SEND_BATCH, plan, send  # noqa: PLC0415 - after Django is set up

    task = told()
    answer("ready")
    told()
    profile = cProfile.Profile()
    if task["profile"]:
        profile.enable()
    with _counted() as statements:
        turns = _worked(lambda: plan(LANE, take=SEND_BATCH))
        left = _worked(lambda: send(LANE))
    profile.disable()
    asked = sum(statements) - 2  # the last look of each found nothing
    found = {"turns": turns, "left": left, "statements": asked}
    answer({**found, "profile": list(_where_time_goes(profile)) if task["profile"] else []})


def _worked(verb: Callable[[], int]) -> int:
    """Do it until there is nothing left; how often there was something."""
    times = 0
    while verb():
        times += 1
    return times


@contextmanager
def _counted() -> Iterator[list[int]]:
    from django.db import connection  # noqa: PLC0415 - after Django is set up

    found: list[int] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's call
        if not sql.startswith("SET LOCAL"):
            found.append(1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield found


def _where_time_goes(profile: cProfile.Profile) -> Iterator[dict[str, Any]]:
    """Our own functions by the time within them, then all others by the time of their own, as shares of all."""
    stats = pstats.Stats(profile)
    total: float = stats.total_tt  # type: ignore[attr-defined]
    rows: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = stats.stats  # type: ignore[attr-defined]
    ours = [key for key in rows if key[0].startswith(f"{REPO}/") and not key[0].startswith(f"{REPO}/config/bench")]
    others = rows.keys() - set(ours)
    chosen = sorted(ours, key=lambda key: -rows[key][3])[:OURS] + sorted(others, key=lambda key: -rows[key][2])[:OTHERS]
    for file, line, name in chosen:
        _, calls, own, within, _ = rows[file, line, name]
        yield {
            "where": f"{_short(file)}:{line} {name}" if line else name,
            "calls": calls,
            "own": own / total,
            "within": within / total,
        }


def _short(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(REPO):
        return str(path.relative_to(REPO))
    return "/".join(path.parts[-3:])


if __name__ == "__main__":
    main()
