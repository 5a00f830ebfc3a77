"""What a killed supervisor left running, found by pid and start time, by mark, by folder; strangers are spared."""

from __future__ import annotations

import os
import signal

from deploy.local.console import Console
from deploy.local.embedded import SERVER_PORTS, servers_of
from deploy.local.environment import run_mark
from deploy.local.identity import Identity, end, processes_marked, send_to_group
from deploy.local.paths import State
from deploy.local.runfile import forget_run, last_run

GENTLY_SECONDS = 5.0


def clear_leftovers(state: State, *, console: Console) -> int:
    """End every process of a former run and give their number. Only for the holder of `state.up_lock`."""
    found = _programs(state)
    end(found, gently_seconds=GENTLY_SECONDS)
    for program in found:
        send_to_group(program.pid, number=signal.SIGKILL)
    count = len(found)
    for server in servers_of(state, ports=dict.fromkeys(SERVER_PORTS, 0), environ={}):
        count += len(server.orphans())
        server.stop_orphan()
    rest = processes_marked(run_mark(state))  # grandchildren, and what was started just before the note was written
    end(rest, gently_seconds=GENTLY_SECONDS)
    count += len(rest)
    forget_run(state)
    if count:
        console.step(f"ended {count} left-over process{'es' if count > 1 else ''} of a former run")
    return count


def _programs(state: State) -> list[Identity]:
    """The noted programs that still live; each leads a process group of its own."""
    run = last_run(state)
    if run is None:
        return []
    noted = [process.identity for process in run.processes if process.identity is not None and not process.service]
    return [one for one in noted if one.pid != os.getpid() and one.alive()]
