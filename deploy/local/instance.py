"""One running instance: sockets, servers, steps and programs, put together and kept by the supervisor."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from deploy.local.banner import banner
from deploy.local.child import Child
from deploy.local.console import Console
from deploy.local.embedded import SERVER_PORTS, connections_to, servers_of
from deploy.local.environment import addresses, run_mark
from deploy.local.guardian import Guardian
from deploy.local.identity import myself
from deploy.local.leftovers import clear_leftovers
from deploy.local.output import complaints_in
from deploy.local.paths import REPO, State
from deploy.local.ports import FIRST, HOST, choose, listen_near, listen_on, remember_ports, remembered_ports
from deploy.local.preparation import Preparation
from deploy.local.runfile import Question, Run, Running, forget_run, write_run
from deploy.local.supervisor import Stopped, Supervisor
from deploy.local.table import Program, Table

READY_SECONDS = 120.0
DOUBT_SECONDS = 20.0  # after which a start that relied on the preparation of last time prepares again


class StartFailed(Exception):
    """Something that has to run first did not; what it said is on the console and in its log."""


class Refused(StartFailed):
    """A step found settings that cannot work; the message has its lines about them."""


class Instance:
    """What `./carillon up` runs. Made by the holder of `state.up_lock`."""

    def __init__(
        self, state: State, *, table: Table, environ: Mapping[str, str], settings: str, console: Console, quiet: bool
    ) -> None:
        """`settings` is their fingerprint; `quiet` leaves the output of the programs to their logs."""
        self._state, self._table, self._environ, self._console, self._quiet = state, table, environ, console, quiet
        self._preparation = Preparation(state, environ=environ, settings=settings)
        self._sockets: dict[str, socket.socket] = {}
        self._ports: dict[str, int] = {}
        self._run = Run(kind="up", supervisor=myself())

    def serve(self, *, port: int | None) -> None:
        """Start everything, say so, and return when all is stopped again. `port`: None is 8000 or the next free one.

        Raises PortTaken, StartFailed, and what starting a server raises (`CANNOT_START`).
        """
        with ExitStack() as closing:
            # First, for a left-over process may still hold the port.
            clear_leftovers(self._state, console=self._console)
            self._listen(port)
            for listening in self._sockets.values():
                closing.callback(listening.close)
            shutil.rmtree(self._state.metrics, ignore_errors=True)
            self._state.metrics.mkdir(mode=0o700)
            write_run(self._state, run=self._run)
            closing.callback(forget_run, self._state)
            closing.callback(Guardian(self._state).dismiss)
            supervisor = Supervisor(console=self._console, note=self._note)
            closing.callback(supervisor.stop_all)
            try:
                self._start(supervisor)
                self._greet(supervisor)
                self._prepare_after_all(supervisor)
                supervisor.run()
            except Stopped:
                pass
            self._console.step("stopping")
        self._console.step("stopped")

    def _listen(self, port: int | None) -> None:
        """Bind what clients connect to, once: a server process that restarts finds the callers waiting, not refused."""
        remembered = remembered_ports(self._state.ports)
        web = listen_near(FIRST) if port is None else listen_on(port)
        web_port = web.getsockname()[1]
        rest = choose(("realtime", "sandbox", "smtp", *SERVER_PORTS), web_port=web_port, remembered=remembered)
        self._sockets = {"web": web, "realtime": listen_on(rest["realtime"])}
        self._ports = {"web": web_port, **rest}
        remember_ports(self._state.ports, ports=self._ports)

    def _start(self, supervisor: Supervisor) -> None:
        servers = servers_of(self._state, ports=self._ports, environ=self._environ) if self._table.services else ()
        for server in servers:
            supervisor.keep(server)
            self._console.step(f"{server.name} listens on {HOST}:{server.port}")
        connections = connections_to(servers, environ=self._environ)
        self._run = Run(
            kind="up",
            supervisor=self._run.supervisor,
            web_port=self._ports["web"],
            questions=tuple(
                Question(name=program.name, port=self._ports[program.answers[0]], path=program.answers[1])
                for program in self._table.programs
                if program.answers is not None
            ),
            api_url=f"http://{HOST}:{self._ports['web']}",
            realtime_url=f"http://{HOST}:{self._ports['realtime']}",
            sandbox_url=f"http://{HOST}:{self._ports['sandbox']}",
            environment=connections | addresses(self._state, ports=self._ports, environ=self._environ),
            processes=self._run.processes,
        )
        for program in (*self._table.steps, *self._table.programs):
            self._console.know(program.name)
        if not self._preparation.stands():
            self._prepare(supervisor)
        for program in self._table.programs:
            supervisor.keep(self._child(program))

    def _prepare(self, supervisor: Supervisor) -> None:
        """Run the steps, one after the other, to their end."""
        for step in self._table.steps:
            self._console.step(step.name)
            log = self._state.logs / f"{step.name}.log"
            before = log.stat().st_size if log.exists() else 0
            if (code := supervisor.run_step(self._child(step))) != 0:
                if complaints := complaints_in(log, since=before):
                    raise Refused("\n".join(complaints))
                raise StartFailed(f"{step.name} failed with exit code {code}; its log: {log}")
        self._preparation.remember()

    def _prepare_after_all(self, supervisor: Supervisor) -> None:
        """What was prepared before was good enough to start with; look again, with nobody waiting."""
        if not self._preparation.fresh:
            try:
                self._prepare(supervisor)
            except StartFailed as error:
                self._console.trouble(f"{error}; everything goes on running")

    def _greet(self, supervisor: Supervisor) -> None:
        self._console.step("waiting until everything answers")
        is_ready = partial(self._is_ready, supervisor)
        if not self._preparation.fresh and not supervisor.wait(is_ready, seconds=DOUBT_SECONDS):
            self._console.step("not ready yet; perhaps the database is another one than last time")
            self._prepare(supervisor)
        if not supervisor.wait(is_ready, seconds=READY_SECONDS):
            self._console.trouble(f"not ready after {READY_SECONDS:.0f} s: {self._what_is_missing(supervisor)}")
            supervisor.wait(is_ready, seconds=float("inf"))
        self._note(self._run.processes, ready=True)
        self._console.step("ready" if self._quiet else "ready; Ctrl-C stops everything")
        if not self._quiet:  # a key belongs on the user's screen, not in a log
            self._console.say(banner(self._state, run=self._run))

    def _is_ready(self, supervisor: Supervisor) -> bool:
        return not supervisor.unsteady() and not any(self._run.troubles())

    def _what_is_missing(self, supervisor: Supervisor) -> str:
        ending = (f"{name} ends again and again" for name in supervisor.unsteady())
        return "; ".join([*ending, *self._run.troubles()])

    def _child(self, program: Program) -> Child:
        words = {
            "python": self._state.python,
            "state": self._state.folder,
            "web_fd": self._sockets["web"].fileno(),
            "realtime_fd": self._sockets["realtime"].fileno(),
            **{f"{name}_port": port for name, port in self._ports.items()},
        }
        asked = " ".join(program.command)
        inherited = [one.fileno() for name, one in self._sockets.items() if f"{{{name}_fd}}" in asked]
        readable = {"LOG_FORMAT": "console"} if self._console.on_terminal and not self._quiet else {}
        env = {**readable, **self._environ, **self._run.environment, **dict([run_mark(self._state).split("=", 1)])}
        return Child(
            program, words=words, env=env, folder=REPO, keep_fds=inherited, logs=self._state.logs, show=self._show
        )

    def _show(self, name: str, line: str) -> None:
        if not self._quiet:
            self._console.line_of(name, text=line)

    def _note(self, processes: tuple[Running, ...], *, ready: bool | None = None) -> None:
        self._run = self._run.with_processes(processes, ready=self._run.ready if ready is None else ready)
        write_run(self._state, run=self._run)
