"""`./carillon` under test: with a state folder of its own, and stand-ins for Carillon's processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.environment import RUN_MARK
from deploy.local.identity import Identity, processes_marked, wait_until
from deploy.local.paths import read_json
from deploy.local.ports import free_port, remember_ports

PLACEHOLDER = Path(__file__).parent / "placeholder.py"
WEB: dict[str, Any] = {
    "name": "web",
    "command": ["{python}", str(PLACEHOLDER), "serve", "{web_fd}"],
    "answers": ["web", "/readyz"],
}


@dataclass
class Launcher:
    """`./carillon` of the checkout in `repo`, with its state in `state`."""

    repo: Path
    state: Path
    procfile: Path
    extra: dict[str, str] = field(default_factory=dict)

    def reserve_ports(self) -> None:
        """Remember ports of our own, so that launchers that run beside this one do not take them in turns."""
        self.state.mkdir(mode=0o700)
        names = ("realtime", "sandbox", "smtp", "postgres", "valkey")
        remember_ports(self.state / "ports.json", ports={name: free_port() for name in names})

    def table(
        self,
        *programs: dict[str, Any],
        steps: tuple[dict[str, Any], ...] = (),
        services: bool = False,
        web_needs: tuple[str, ...] = (),
    ) -> None:
        """What `up` runs from now on, besides a web process that is ready as soon as the file it needs exists."""
        web = {**WEB, "command": [*WEB["command"], *web_needs]}
        table = {"steps": steps, "programs": [web, *programs], "services": services}
        self.procfile.write_text(json.dumps(table))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One invocation, to its end."""
        return subprocess.run(
            self.command(*words), env=self.env, capture_output=True, text=True, timeout=60, check=False
        )

    def begin(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """One invocation that goes on, its output in one pipe."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        return subprocess.Popen(self.command(*words), env=self.env, text=True, **options)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, str(self.repo / "carillon"), *words]

    @property
    def env(self) -> dict[str, str]:
        """The environment without anything that would steer the launcher, and the hooks for development."""
        steering = ("CARILLON_", "DATABASE_URL", "DB_URL", "REDIS_URL", "CACHE_URL", "BROKER_URL", "SECRET_KEY")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
        hooks = {
            "CARILLON_STATE_DIR": str(self.state),
            "CARILLON_PROCFILE": str(self.procfile),
            "CARILLON_VENV": sys.prefix,
        }
        return {**plain, **hooks, **self.extra}

    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        said: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return said

    def pid(self, name: str) -> int | None:
        """The process id that `status` gives for a process."""
        found: dict[str, int | None] = {one["name"]: one["pid"] for one in self.status()["processes"]}
        return found[name]

    @property
    def supervisor(self) -> int:
        return int(read_json(self.state / "run.json")["supervisor"]["pid"])

    def processes(self) -> list[Identity]:
        """Everything that this launcher has started and that lives."""
        return processes_marked(f"{RUN_MARK}={self.state}")

    def eventually(self, true: Callable[[], bool], *, seconds: float = 10) -> bool:
        return wait_until(true, seconds=seconds, every_seconds=0.05)
