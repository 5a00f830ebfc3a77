"""`./carillon up` and `./carillon down`: start the one instance of this checkout, in front or behind, and stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.banner import banner
from deploy.local.bootstrap import install
from deploy.local.console import Console
from deploy.local.identity import end, send, wait_until
from deploy.local.instance import READY_SECONDS, Instance, Refused, StartFailed
from deploy.local.leftovers import clear_leftovers
from deploy.local.locks import is_locked, try_lock
from deploy.local.output import complaints_in, tail
from deploy.local.paths import REPO, State
from deploy.local.ports import listen_on
from deploy.local.runfile import current_run, last_run
from deploy.local.settings import EXIT_CODE, WrongSettings, fingerprint
from deploy.local.supervisor import CANNOT_START
from deploy.local.table import table_of

DETACHED = "CARILLON_DETACHED"  # set for the supervisor behind `up --detach`
STOP_SECONDS = 90.0  # all stages at their full grace, and the servers


def up(state: State, *, port: int | None, detach: bool, environ: Mapping[str, str], console: Console) -> int:
    """Set up and run everything; the exit code. In front it returns when all is stopped, behind when all answers."""
    install(state, development=False, console=console)
    if is_locked(state.up_lock) and (code := _already_up(state, port=port, console=console)) is not None:
        return code
    if port is not None:
        listen_on(port).close()  # raises PortTaken
    settings = fingerprint(state, environ=environ)  # raises WrongSettings
    if detach:
        return _start_behind(state, port=port, environ=environ, console=console)
    return _serve(state, port=port, environ=environ, settings=settings, console=console)


def down(state: State, *, console: Console) -> int:
    """Stop what runs, however it was started, and whatever a crash left behind; the exit code. Harmless twice."""
    deadline = time.monotonic() + STOP_SECONDS
    told = False
    while (lock := try_lock(state.up_lock)) is None:
        run = last_run(state)
        if run is not None and run.kind == "manage" and run.supervisor.alive():
            console.trouble(f"process {run.supervisor.pid}, a ./carillon manage, is using the servers; end it first")
            return 1
        if run is not None and run.supervisor.alive() and not told:
            console.step(f"stopping Carillon (process {run.supervisor.pid})")
            send(run.supervisor, number=signal.SIGTERM)
            told = True
        if time.monotonic() > deadline and run is not None:
            console.trouble(f"it did not stop within {STOP_SECONDS:.0f} s; killing it")
            end([run.supervisor], gently_seconds=0)
        time.sleep(0.1)
    try:
        left = clear_leftovers(state, console=console)
    finally:
        os.close(lock)
    console.step("stopped" if told or left else "nothing was running")
    return 0


def start_behind(state: State, *, environ: Mapping[str, str], console: Console) -> int:
    """Have an instance, started behind when there is none; the exit code."""
    if current_run(state) is not None:
        return 0
    console.step("nothing runs yet: starting Carillon in the background (./carillon down stops it)")
    return up(state, port=None, detach=True, environ=environ, console=console)


def _serve(state: State, *, port: int | None, environ: Mapping[str, str], settings: str, console: Console) -> int:
    while (lock := try_lock(state.up_lock)) is None:
        if (code := _already_up(state, port=port, console=console)) is not None:
            return code
    behind = environ.get(DETACHED) == "1"
    environ = {name: value for name, value in environ.items() if name != DETACHED}
    instance = Instance(
        state, table=table_of(environ), environ=environ, settings=settings, console=console, quiet=behind
    )
    try:
        instance.serve(port=port)
    except Refused as refused:
        raise WrongSettings(str(refused)) from None
    except (StartFailed, *CANNOT_START) as error:
        console.trouble(str(error))
        return 1
    finally:
        os.close(lock)
    return 0


def _start_behind(state: State, *, port: int | None, environ: Mapping[str, str], console: Console) -> int:
    """Run the supervisor in a session of its own and wait until it is ready; its log is shown when it is not."""
    log, began = state.logs / "supervisor.log", time.time()
    command = [sys.executable, str(REPO / "carillon"), "up", *(() if port is None else ("--port", str(port)))]
    log.unlink(missing_ok=True)
    with log.open("ab") as output:  # the guardian writes to it too
        supervisor = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environ, DETACHED: "1"},
            cwd="/",
            start_new_session=True,
        )
    console.step(f"starting in the background (process {supervisor.pid}, logs in {state.logs})")
    wait_until(lambda: supervisor.poll() is not None or _is_ready(state), seconds=READY_SECONDS, every_seconds=0.1)
    run = current_run(state)
    if run is not None and run.ready:
        console.say(banner(state, run=run))
        return 0
    if supervisor.poll() is None:
        missing = "; ".join(run.troubles()) if run is not None else ""
        console.trouble(f"not ready after {READY_SECONDS:.0f} s; stopping it. {missing}")
        supervisor.terminate()
        supervisor.wait()
    if supervisor.returncode == EXIT_CODE:
        raise WrongSettings("\n".join(complaints_in(log, since=0)))
    _show_logs(state, log=log, since=began, console=console)
    return supervisor.returncode or 1


def _already_up(state: State, *, port: int | None, console: Console) -> int | None:
    """Somebody holds the lock: show what runs, after waiting for it should it be just starting; the exit code.

    None when they were only clearing up and the way is free now.
    """
    run = current_run(state)
    if run is not None and run.kind == "manage":
        console.trouble("a ./carillon manage command is using the servers; try again when it has ended")
        return 1
    if not _is_ready(state):
        console.step("another ./carillon is starting or stopping; waiting for it")
        wait_until(lambda: _is_ready(state) or not is_locked(state.up_lock), seconds=READY_SECONDS, every_seconds=0.1)
    if not is_locked(state.up_lock):
        return None
    run = current_run(state)
    if run is None or not run.ready:
        console.trouble(f"it did not become ready; its logs are in {state.logs}, ./carillon down stops what is left")
        return 1
    console.step(f"Carillon is running already (process {run.supervisor.pid})")
    if port is not None and port != run.web_port:
        console.trouble(f"it listens on port {run.web_port}, not on {port}; ./carillon down first to change that")
    console.say(banner(state, run=run))
    return 0


def _is_ready(state: State) -> bool:
    run = current_run(state)
    return run is not None and run.ready


def _show_logs(state: State, *, log: Path, since: float, console: Console) -> None:
    """The end of the supervisor's log, and of the logs of those it complains about (or of all that are new)."""
    said = tail(log, lines=30)
    console.heading(f"the end of {log}")
    console.say(said)
    new = [other for other in sorted(state.logs.glob("*.log")) if other != log and other.stat().st_mtime > since]
    complaints = "\n".join(line for line in said.splitlines() if line.startswith("carillon:"))
    for other in [other for other in new if other.stem in complaints] or new:
        console.heading(f"the end of {other}")
        console.say(tail(other, lines=15))
