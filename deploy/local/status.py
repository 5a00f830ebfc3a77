"""`./carillon status`: what runs, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

from deploy.local.console import Console
from deploy.local.paths import State, read_json
from deploy.local.runfile import Run, current_run

NOT_ALL_UP = 3


def status(state: State, *, as_json: bool, console: Console) -> int:
    """Print what runs; 0 when all of it does and answers, 3 when not."""
    run = current_run(state)
    run = run if run is not None and run.kind == "up" else None
    report = report_of(state, run=run)
    if as_json:
        console.say(json.dumps(report, indent=2))
    elif run is None:
        console.say("Carillon is not running; ./carillon up starts it")
    else:
        for name in ("api_url", "realtime_url", "sandbox_url"):
            console.say(f"{name.removesuffix('_url'):10} {report[name]}")
        rows = [(one["name"], str(one["pid"] or "-"), "up" if one["alive"] else "down") for one in report["processes"]]
        console.table([("PROCESS", "PID", "STATE"), *rows])
    return 0 if run is not None and run.ready and not any(run.troubles()) else NOT_ALL_UP


def report_of(state: State, *, run: Run | None) -> dict[str, Any]:
    """The promised JSON (docs: Command line): nulls and an empty list when nothing runs."""
    keys = read_json(state.keys) if run is not None else {}
    environment = run.environment if run is not None else {}
    return {
        "api_url": run and run.api_url,
        "realtime_url": run and run.realtime_url,
        "sandbox_url": run and run.sandbox_url,
        "database_url": environment.get("DATABASE_URL"),
        "redis_url": environment.get("REDIS_URL"),
        "live_key": keys.get("live_key"),
        "test_key": keys.get("test_key"),
        "processes": [
            {"name": one.name, "pid": one.identity and one.identity.pid, "alive": one.alive}
            for one in (run.processes if run is not None else ())
        ],
    }
