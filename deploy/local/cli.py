"""The command line: reads the words, calls the command, turns what went wrong into one line and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from deploy.local import checks, manage
from deploy.local.account import Unreachable
from deploy.local.binaries import MissingPrograms
from deploy.local.bootstrap import InstallFailed
from deploy.local.console import Console, complaints, console
from deploy.local.paths import State, UnusableState, state_of
from deploy.local.ports import PortTaken
from deploy.local.service import ServiceFailed
from deploy.local.settings import WrongSettings
from deploy.local.status import status
from deploy.local.table import BadProcfile
from deploy.local.up import down, up

HELP = """Carillon: a notification orchestrator.

usage: ./carillon <command>

  up [--port N] [--detach]   set up and run everything on this machine (API on 127.0.0.1:8000)
  down                       stop it
  status [--json]            what runs; exit code 0 when all of it does, 3 when not
  test [...]                 set up and pass the tests (./carillon test --help)
  demo                       a short guided tour against the running system
  bench                      the benchmark
  manage ...                 any management command (./carillon manage help)

Each installs what is missing first. Environment: DATABASE_URL and REDIS_URL name servers of your own instead of the
embedded ones; CARILLON_STATE_DIR moves the state folder (.carillon/ here; /var/tmp/carillon-... for root).
"""
OWN = ("up", "down", "status")
PASSED_ON = ("manage", "demo", "bench", "test")  # commands whose words are not ours to read
USAGE, FAILED, INTERRUPTED, TERMINATED = 2, 1, 130, 143
EXPECTED = (InstallFailed, MissingPrograms, ServiceFailed, Unreachable, UnusableState)


def main(words: Sequence[str], *, environ: Mapping[str, str]) -> int:
    """Run one command; its exit code."""
    if not words or words[0] in ("help", "-h", "--help"):
        sys.stdout.write(HELP)
        return 0
    trouble = complaints().trouble
    if words[0] not in OWN + PASSED_ON:
        trouble(f"no command {words[0]!r}; known: {', '.join(OWN + PASSED_ON)}")
        return USAGE
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        return _dispatch(words, state=state_of(environ), environ=environ, out=console())
    except (PortTaken, BadProcfile, WrongSettings) as error:
        for line in str(error).splitlines():
            trouble(line)
        return USAGE
    except EXPECTED as error:
        trouble(str(error))
        return FAILED
    except KeyboardInterrupt:
        trouble("interrupted; the same command takes up where it was left")
        return INTERRUPTED


def _dispatch(words: Sequence[str], *, state: State, environ: Mapping[str, str], out: Console) -> int:
    if words[0] in PASSED_ON:
        command = {"manage": manage.manage, "demo": manage.demo, "bench": manage.bench, "test": checks.test}[words[0]]
        return command(state, words=words[1:], environ=environ, console=out)
    asked = _parser().parse_args(words)
    match asked.command:
        case "up":
            return up(state, port=asked.port, detach=asked.detach, environ=environ, console=out)
        case "down":
            return down(state, console=out)
        case _:
            return status(state, as_json=asked.json, console=out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./carillon")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="set up and run everything on this machine")
    starting.add_argument("--port", type=_port, help="of the API; without it 8000, or the next free one")
    starting.add_argument("--detach", action="store_true", help="return once /readyz is 200, go on in the background")
    commands.add_parser("down", help="stop it")
    asking = commands.add_parser("status", help="what runs")
    asking.add_argument("--json", action="store_true", help="for programs")
    return parser


def _port(word: str) -> int:
    if not word.isdigit() or not 1 <= int(word) <= 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port; say a number from 1 to 65535")
    return int(word)


def run() -> None:
    """The entry point of the `carillon` script."""
    # Ten processes start from the same modules: compiling them once more each would double the time of a start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main(sys.argv[1:], environ=os.environ))
