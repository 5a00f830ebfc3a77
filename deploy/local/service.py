"""One embedded server: a direct child, reaped, stopped politely, healed when a former life left it behind."""

from __future__ import annotations

import abc
import json
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.local.account import own_folder, service_account
from deploy.local.identity import Identity, identify, send, wait_until
from deploy.local.output import rotate
from deploy.local.paths import read_json, write_private
from deploy.local.ports import HOST, PortTaken, free_port, listen_on
from deploy.local.spawn import spawn

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class ServiceFailed(Exception):
    """A server did not come up; the message ends with the last lines of its log."""


class Service(abc.ABC):
    """A server of ours in a folder of its own. The port never changes in the life of the object."""

    name: str
    ways_to_stop: Sequence[tuple[signal.Signals, float]]  # (signal, seconds to wait for the end); SIGKILL comes after
    orphan_signal: signal.Signals

    def __init__(
        self, directory: Path, *, port: int | None, durable: bool, venv: Path | None, log: Path | None, mark: str | None
    ) -> None:
        self.directory = directory.absolute()
        self.port = free_port() if port is None else port
        self.durable = durable
        self.venv = venv
        self.log = self.directory / "server.log" if log is None else log
        self.mark = mark
        self.account = service_account()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where clients connect, password included."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether it takes clients now."""

    @abc.abstractmethod
    def prepare(self) -> None:
        """Make data and configuration ready for a start; quick and harmless when they are. Raises ServiceFailed."""

    @abc.abstractmethod
    def command(self) -> Sequence[str]:
        """The command line of the server; it contains the path of the folder, by which an orphan is known."""

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it does not run."""
        return self._process.pid if self._process is not None and self.alive() else None

    def alive(self) -> bool:
        """Whether our child runs; reaps it when it has ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0 well, negative by that signal; None while it runs or before it ever did."""
        return None if self._process is None else self._process.poll()

    def start(self, *, timeout_seconds: float = 30) -> None:
        """Start it and return when it answers. Raises ServiceFailed, and then nothing is left running."""
        self.launch()
        deadline = time.monotonic() + timeout_seconds
        while not self.answers():
            if time.monotonic() > deadline:
                self.stop()
                raise ServiceFailed(f"{self.name} does not answer after {timeout_seconds:.0f} s.\n{self.last_words()}")
            if not self.alive():
                # After a kill -9 the children of the old server need a moment to notice and let go.
                if not self.may_try_again() or deadline - time.monotonic() < 1:
                    raise ServiceFailed(f"{self.name} ended while starting.\n{self.last_words()}")
                time.sleep(0.2)
                self.launch()
            time.sleep(0.02)

    def launch(self) -> None:
        """Start it and do not wait for an answer. A server left behind by a former life is stopped first."""
        self.stop_orphan()
        self._check_port()
        own_folder(self.directory, account=self.account)
        self.prepare()
        rotate(self.log)
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self._process = spawn(
                self.command(),
                env=self.environment(),
                folder=self.directory,
                output=log,
                orphan_signal=self.orphan_signal,
                account=self.account,
            )
        identity = identify(self._process.pid)
        if identity is not None:
            write_private(self._pid_file, json.dumps({"pid": identity.pid, "started": identity.started}))

    def environment(self) -> dict[str, str]:
        """The little a server needs to know; nothing of the user's environment leaks into it."""
        marked = {} if self.mark is None else dict([self.mark.split("=", 1)])
        return {"PATH": SYSTEM_PATH, "LC_ALL": "C", "TZ": "UTC", **marked}

    def stop(self) -> None:
        """Stop it in order, at the latest by SIGKILL, and reap it."""
        for number, seconds in (*self.ways_to_stop, (signal.SIGKILL, 5.0)):
            if self._process is None or self._process.poll() is not None:
                break
            self._process.send_signal(number)
            wait_until(lambda: not self.alive(), seconds=seconds)
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it like a crash would (SIGKILL) and reap it; `start` brings it back on the same port."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop_orphan(self) -> None:
        """Stop a server of this folder that is not our child: its supervisor was killed."""
        for orphan in self.orphans():
            for number, seconds in (*self.ways_to_stop, (signal.SIGKILL, 5.0)):
                send(orphan, number=number)
                if wait_until(lambda: not orphan.alive(), seconds=seconds):  # noqa: B023 - called within this turn
                    break
        if not self.alive():
            self._pid_file.unlink(missing_ok=True)

    def orphans(self) -> list[Identity]:
        """Living servers of this folder that are not our child, each known by pid, start time and command line."""
        left = read_json(self._pid_file)
        identity = Identity(pid=int(left.get("pid", 0)), started=str(left.get("started", "")))
        return [identity] if identity.pid not in (0, self.pid) and identity.says(str(self.directory)) else []

    def may_try_again(self) -> bool:
        """Whether an early end is a passing state, by its last words."""
        return False

    def last_words(self, *, lines: int = 12) -> str:
        """The end of what this start wrote to the log."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    @property
    def host_and_port(self) -> str:
        """For URLs."""
        return f"{HOST}:{self.port}"

    def _check_port(self) -> None:
        """Somebody else on our port would end our server, and would answer in its place while it ends."""
        try:
            listen_on(self.port).close()
        except PortTaken as error:
            raise ServiceFailed(f"{self.name} cannot listen on port {self.port}: another program does") from error

    @property
    def _pid_file(self) -> Path:
        return self.directory / "server.json"
