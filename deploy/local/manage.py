"""`./carillon manage`, `demo` and `bench`: management commands in the environment of this installation."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from deploy.local.bootstrap import install
from deploy.local.console import Console
from deploy.local.embedded import SERVER_PORTS, connections_to, servers_of
from deploy.local.environment import addresses
from deploy.local.identity import myself, wait_until
from deploy.local.leftovers import clear_leftovers
from deploy.local.locks import is_locked, try_lock
from deploy.local.paths import REPO, State
from deploy.local.ports import FIRST, choose, remember_ports, remembered_ports
from deploy.local.runfile import Run, current_run, forget_run, write_run
from deploy.local.services import start_postgres, start_valkey, temporary_folder
from deploy.local.settings import fingerprint
from deploy.local.spawn import run_in_front
from deploy.local.supervisor import CANNOT_START
from deploy.local.up import start_behind

BUSY_SECONDS = 10.0  # somebody else may just be clearing up
PROCESS = {"CARILLON_PROCESS": "manage"}
BENCH_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR", "LD_LIBRARY_PATH")


def manage(state: State, *, words: Sequence[str], environ: Mapping[str, str], console: Console) -> int:
    """Run `manage.py words…` against the running instance, or with the servers started for it alone; its exit code."""
    install(state, development=False, console=console)
    fingerprint(state, environ=environ)  # raises WrongSettings
    run = current_run(state)
    if run is not None and run.environment.get("DATABASE_URL"):
        return _run_to_end(state, words=words, env={**environ, **run.environment, **PROCESS})
    wait_until(lambda: not is_locked(state.up_lock), seconds=BUSY_SECONDS)
    lock = try_lock(state.up_lock)
    if lock is None:
        console.trouble("Carillon is just starting or stopping; try again in a moment")
        return 1
    try:
        return _with_servers(state, words=words, environ=environ, console=console)
    except CANNOT_START as error:
        console.trouble(str(error))
        return 1
    finally:
        os.close(lock)


def demo(state: State, *, words: Sequence[str], environ: Mapping[str, str], console: Console) -> int:
    """The guided tour, against a running instance; starts one when there is none."""
    code = start_behind(state, environ=environ, console=console)
    return code or manage(state, words=("demo", *words), environ=environ, console=console)


def bench(state: State, *, words: Sequence[str], environ: Mapping[str, str], console: Console) -> int:
    """The benchmark: never against the running instance, always with servers for it alone, thrown away afterwards.

    Only what is in `BENCH_KEPT` reaches it of the user's environment. CARILLON_BENCH_DATABASE_URL and
    CARILLON_BENCH_REDIS_URL name servers to use instead; it makes and drops databases of its own there.
    """
    install(state, development=False, console=console)
    kept = {name: environ[name] for name in BENCH_KEPT if name in environ}
    if {"-h", "--help"} & set(words):
        return _run_to_end(state, words=("bench", *words), env={**kept, "CARILLON_PROCESS": "build"})
    with ExitStack() as closing:
        folder = closing.enter_context(temporary_folder("carillon-bench-"))
        database_url, redis_url = environ.get("CARILLON_BENCH_DATABASE_URL"), environ.get("CARILLON_BENCH_REDIS_URL")
        if not database_url:
            postgres = start_postgres(folder / "postgres", durable=True, venv=state.venv)
            closing.callback(postgres.stop)
            database_url = postgres.url
        if not redis_url:
            valkey = start_valkey(folder / "valkey", durable=True, venv=state.venv)
            closing.callback(valkey.stop)
            redis_url = valkey.url
        ours = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "TMPDIR": str(folder),
        }
        return _run_to_end(state, words=("bench", *words), env={**kept, **ours, **PROCESS})


def _with_servers(state: State, *, words: Sequence[str], environ: Mapping[str, str], console: Console) -> int:
    """Start our servers, run the command, stop them. Called by the holder of the lock."""
    clear_leftovers(state, console=console)
    remembered = remembered_ports(state.ports)
    names = ("realtime", "sandbox", "smtp", *SERVER_PORTS)
    ports = {"web": FIRST} | remembered | choose(names, web_port=remembered.get("web", FIRST), remembered=remembered)
    remember_ports(state.ports, ports=ports)
    with ExitStack() as closing:
        write_run(state, run=Run(kind="manage", supervisor=myself()))
        closing.callback(forget_run, state)
        servers = servers_of(state, ports=ports, environ=environ)
        for server in servers:
            closing.callback(server.stop)
            server.start()
        ours = connections_to(servers, environ=environ) | addresses(state, ports=ports, environ=environ)
        return _run_to_end(state, words=words, env={**environ, **ours, **PROCESS})


def _run_to_end(state: State, *, words: Sequence[str], env: Mapping[str, str]) -> int:
    return run_in_front([str(state.python), "manage.py", *words], env=env, folder=REPO)
