"""Starts and stops `./carillon up` with a state folder of its own, and looks inside while it runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from deploy.local.environment import RUN_MARK
from deploy.local.identity import processes_marked
from deploy.local.paths import REPO
from deploy.local.ports import free_port, remember_ports
from deploy.local.services import temporary_folder
from tests.stack.talking import Api, Sandbox

UP_SECONDS = 240  # a machine that does ten other things at the same time is still a machine
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER")  # of the environment the tests were started in
PROC = Path("/proc")


class Stack:
    """`./carillon up` of this checkout, its state in `folder`. Programs are restarted by its supervisor."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str] | None = None) -> None:
        """`environ` is given to all its processes; what the tests run in does not leak into them."""
        self.folder = folder
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        hooks = {"CARILLON_STATE_DIR": str(folder), "CARILLON_VENV": sys.prefix, "LOG_FORMAT": "json"}
        self.environ = {**kept, **hooks, **(environ or {})}
        self._status: dict[str, Any] = {}

    # -- life --------------------------------------------------------------------------------------------------------

    def up(self) -> None:
        """Start everything on free ports; returns when it answers."""
        self.folder.mkdir(mode=0o700)
        names = ("realtime", "sandbox", "smtp", "postgres", "valkey")
        remember_ports(self.folder / "ports.json", ports={name: free_port() for name in names})
        started = self.run("up", "--detach", "--port", str(free_port()))
        assert started.returncode == 0, f"{started.stdout}\n{started.stderr}"
        self._status = self.status()

    def down(self) -> None:
        """Stop everything; nothing of it lives on."""
        stopped = self.run("down")
        assert stopped.returncode == 0, f"{stopped.stdout}\n{stopped.stderr}"
        assert processes_marked(f"{RUN_MARK}={self.folder}") == []

    def run(self, *words: str, seconds: float = UP_SECONDS) -> subprocess.CompletedProcess[str]:
        """One invocation of the launcher, to its end."""
        command = [sys.executable, str(REPO / "carillon"), *words]
        return subprocess.run(
            command, env=self.environ, capture_output=True, text=True, timeout=seconds, check=False, cwd="/"
        )

    def status(self) -> dict[str, Any]:
        """What `status --json` says now."""
        said: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return said

    def wait_until_up(self, *, seconds: float = 60) -> None:
        """Wait until every process runs and answers again."""
        wait_until(lambda: self.run("status").returncode == 0, seconds=seconds, what="everything to be up", every=0.3)

    # -- talking -----------------------------------------------------------------------------------------------------

    @property
    def api(self) -> Api:
        """The API with the live key."""
        return Api(self._status["api_url"], self._status["live_key"])

    @property
    def test_api(self) -> Api:
        """The API with the test key."""
        return Api(self._status["api_url"], self._status["test_key"])

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self._status["sandbox_url"])

    @property
    def redis_url(self) -> str:
        return str(self._status["redis_url"])

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database, seeing every tenant. Raises `psycopg.OperationalError` while it is out."""
        options = "-c role=carillon_dispatcher"
        with psycopg.connect(self._status["database_url"], options=options, autocommit=True) as database:
            return database.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def verify_ledger(self) -> subprocess.CompletedProcess[str]:
        """`manage.py verify_ledger` over everything there is."""
        return self.run("manage", "verify_ledger", "--all", seconds=120)

    def log(self, name: str) -> str:
        """Everything a process has written."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob(f"logs/{name}.log*")))

    # -- processes ---------------------------------------------------------------------------------------------------

    def leader(self, name: str) -> int | None:
        """The process id of a program; `None` while it waits for its restart."""
        run = json.loads((self.folder / "run.json").read_text())
        found = next(one for one in run["processes"] if one["name"] == name)
        return int(found["identity"]["pid"]) if found["identity"] else None

    def members(self, name: str) -> list[int]:
        """The living processes of a program: its leader and what that has started."""
        leader = self.leader(name)
        return [] if leader is None else [pid for pid, group in _groups() if group == leader]

    def kill(self, name: str, *, number: signal.Signals = signal.SIGKILL, pid: int | None = None) -> bool:
        """Signal a program's leader, or the one of its members that is given; False when it was gone already."""
        target = pid or self.leader(name)
        if target is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(target, number)
            return True
        return False


@contextmanager
def running_stack(*, environ: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A Carillon that runs meanwhile. Its folder is one that the service account can pass through."""
    with temporary_folder("carillon-stack-") as folder:
        stack = Stack(folder / "state", environ=environ)
        try:
            stack.up()
            yield stack
        finally:
            stack.down()


def wait_until(
    true: Callable[[], object], *, seconds: float, what: str | Callable[[], str], every: float = 0.05
) -> float:
    """Wait until `true()`; the seconds it took. Fails with what was waited for when it was not within `seconds`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"waited {seconds:.0f} s for {what if isinstance(what, str) else what()}")
        time.sleep(every)
    return time.monotonic() - began


def _groups() -> Sequence[tuple[int, int]]:
    """(process id, process group) of everything that lives."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    found.append((int(entry.name), int(fields[2])))
    return found
