"""The processes of a running Carillon: the table of `./carillon up`; docker-compose.yml has the same (see its test).

Words in braces are filled in at the start: {python} {state} {web_fd} {realtime_fd} {web_port} {realtime_port}
{sandbox_port} {smtp_port}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class BadProcfile(Exception):
    """The file that CARILLON_PROCFILE names is not a table of processes."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process. Stages start in rising order and stop in falling order; inside a stage all stop together."""

    name: str
    command: tuple[str, ...]
    stage: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[str, str] | None = None  # (name of a port, path): it is ready when a GET there is answered 200

    def filled(self, words: Mapping[str, object]) -> tuple[str, ...]:
        """The command with the words in braces replaced."""
        return tuple(part.format_map(words) for part in self.command)


@dataclass(frozen=True, slots=True)
class Table:
    """What `up` runs: first the steps, one after the other, to their end; then the programs, for good."""

    steps: tuple[Program, ...]
    programs: tuple[Program, ...]
    services: bool = True  # PostgreSQL and Valkey are needed


def _manage(*words: str) -> tuple[str, ...]:
    return ("{python}", "manage.py", *words)


def _worker(group: str) -> Program:
    return Program(
        name=f"worker-{group}", command=_manage("worker", group), stage=3, env={"CARILLON_PROCESS": "worker"}
    )


MANAGE = {"CARILLON_PROCESS": "manage"}
SANDBOX = (
    *("{python}", "-m", "channels_app.sandbox", "--http-port", "{sandbox_port}", "--smtp-port", "{smtp_port}"),
    *("--state", "{state}/sandbox"),
)
GUNICORN = (
    *("{python}", "-m", "gunicorn", "config.wsgi:application", "-c", "config/gunicorn.py"),
    *("--bind", "fd://{web_fd}"),
)
# Streams stay open for hours: after two seconds they are cut, and their clients come back.
UVICORN = (
    *("{python}", "-m", "uvicorn", "config.asgi:application", "--fd", "{realtime_fd}"),
    *("--timeout-graceful-shutdown", "2"),
)

CARILLON = Table(
    steps=(Program(name="prepare", command=_manage("prepare", "--keys-file", "{state}/keys.json"), env=MANAGE),),
    programs=(
        Program(name="sandbox", command=SANDBOX, stage=1, answers=("sandbox", "/sandbox/")),
        Program(name="web", command=GUNICORN, stage=2, env={"CARILLON_PROCESS": "web"}, answers=("web", "/readyz")),
        Program(
            name="realtime",
            command=UVICORN,
            stage=2,
            env={"CARILLON_PROCESS": "realtime"},
            answers=("realtime", "/healthz"),
        ),
        _worker("critical"),
        _worker("bulk"),
        _worker("background"),
        Program(name="timekeeper", command=_manage("timekeeper"), stage=4, env={"CARILLON_PROCESS": "timekeeper"}),
        Program(name="beat", command=_manage("beat"), stage=4, env={"CARILLON_PROCESS": "beat"}),
    ),
)


def table_of(environ: Mapping[str, str]) -> Table:
    """Carillon's table, or for development the one in the JSON file that CARILLON_PROCFILE names.

    `{"steps": [...], "programs": [{"name", "command": [...], "stage"?, "env"?, "answers"?}], "services"?}`, where
    `answers` is `[port, path]`. Raises BadProcfile.
    """
    name = environ.get("CARILLON_PROCFILE")
    if not name:
        return CARILLON
    try:
        found: dict[str, Any] = json.loads(Path(name).read_text())
        return Table(
            steps=tuple(_program(entry) for entry in found.get("steps", [])),
            programs=tuple(_program(entry) for entry in found["programs"]),
            services=bool(found.get("services", True)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadProcfile(f"CARILLON_PROCFILE={name} is not a table of processes: {error!r}") from error


def _program(entry: Mapping[str, Any]) -> Program:
    return Program(
        name=str(entry["name"]),
        command=tuple(str(part) for part in entry["command"]),
        stage=int(entry.get("stage", 1)),
        env={str(name): str(value) for name, value in entry.get("env", {}).items()},
        answers=None if entry.get("answers") is None else (str(entry["answers"][0]), str(entry["answers"][1])),
    )
