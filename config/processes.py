"""Which kinds of process there are, and what each may touch: decided here and nowhere else."""

import os
from collections.abc import MutableMapping
from dataclasses import dataclass

VARIABLE = "CARILLON_PROCESS"

APP_ROLE = "carillon_app"
DISPATCHER_ROLE = "carillon_dispatcher"


@dataclass(frozen=True, slots=True)
class Process:
    """`role` is the database role its connections start as; empty is the login itself."""

    name: str
    role: str
    needs: tuple[str, ...]  # variables without which it must not start


_SERVING = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")

WEB = Process("web", APP_ROLE, _SERVING)
REALTIME = Process("realtime", APP_ROLE, _SERVING)
WORKER = Process("worker", DISPATCHER_ROLE, _SERVING)
BEAT = Process("beat", DISPATCHER_ROLE, _SERVING)
TIMEKEEPER = Process("timekeeper", DISPATCHER_ROLE, _SERVING)
MANAGE = Process("manage", DISPATCHER_ROLE, ("DATABASE_URL", "SECRET_KEY"))
MIGRATE = Process("migrate", "", ("DATABASE_URL",))  # owns the tables
BUILD = Process("build", "", ())  # makes files, serves nobody
TEST = Process("test", "", ())
UNNAMED = Process("", "", _SERVING)

PROCESSES = {
    process.name: process
    for process in (WEB, REALTIME, WORKER, BEAT, TIMEKEEPER, MANAGE, MIGRATE, BUILD, TEST, UNNAMED)
}

_BY_COMMAND = {
    **dict.fromkeys(
        ("migrate", "prepare", "makemigrations", "sqlmigrate", "showmigrations", "partitions", "flush"), MIGRATE
    ),
    **dict.fromkeys(("startprovider", "startchannel"), BUILD),
    **dict.fromkeys(("environment", "collectstatic", "compilemessages", "makemessages", "spectacular", "help"), BUILD),
    "worker": WORKER,
    "beat": BEAT,
    "timekeeper": TIMEKEEPER,
    "runserver": WEB,
    "test": TEST,
}


def enter(process: Process, *, environ: MutableMapping[str, str] = os.environ) -> None:
    """Say what this process is, unless whoever started it has said so."""
    environ.setdefault(VARIABLE, process.name)


def enter_command(command: str, *, environ: MutableMapping[str, str] = os.environ) -> None:
    """Say what `manage.py command` is. Commands with a process of their own are that whatever the environment says."""
    chosen = _BY_COMMAND.get(command)
    if chosen is None:
        enter(MANAGE, environ=environ)
    elif environ.get(VARIABLE) != TEST.name:
        environ[VARIABLE] = chosen.name
