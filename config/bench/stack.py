"""Carillon as it ships, on a database of its own: the processes of `deploy/local/table.py`, told nothing special.

Limits stay on but are set so high that they hold nothing back; everything else has its default.
"""

import json
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from config.bench.client import Api
from config.bench.entry_point import offer_null_providers
from config.bench.processes import Process, run_to_end
from config.bench.values import Trouble
from config.bench.waiting import wait_for
from deploy.local.environment import ALLOCATOR
from deploy.local.ports import HOST, free_port, listen_on
from deploy.local.probes import http_answer
from deploy.local.table import CARILLON, Program

LEFT_OUT = ("sandbox", "realtime", "beat")  # nobody speaks to them here, but see `start_realtime`
REALTIME = "realtime"
BULK_PROCESSES = 2  # as many as every other contender has
START_SECONDS = 90.0
TENANTS = ("post", "mail", "hook", "crowd", "told", "seen")  # to nowhere, by SMTP, by HTTP, masses, receipts, live
UNLIMITED = {
    "RATE_LIMIT_GLOBAL": "100000000/minute",
    "RATE_LIMIT_CHANNEL_EMAIL": "100000000/minute",
    "RATE_LIMIT_CHANNEL_WEBHOOK": "100000000/minute",
    "RATE_LIMIT_RECIPIENT_HOUR": "1000000",
    "RATE_LIMIT_RECIPIENT_DAY": "1000000",
}


class Stack:
    """A running Carillon. `close` ends all of it."""

    def __init__(
        self,
        *,
        database_url: str,
        redis_url: str,
        environ: Mapping[str, str],
        folder: Path,
        reachable: tuple[str, ...],
        bulk_processes: int = BULK_PROCESSES,
    ) -> None:
        """`environ` is what every process needs of the user's; `reachable` the host:port of sinks. Raises `Trouble`."""
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.database_url, self.redis_url = database_url, redis_url
        self._folder = folder
        self.metrics = folder / "metrics"  # where its processes share their counters
        self.metrics.mkdir(parents=True)
        self.env = {
            **environ,
            **UNLIMITED,
            **ALLOCATOR,
            "PYTHONPATH": offer_null_providers(folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "BROKER_URL": redis_url,
            "SECRET_KEY": "only-for-the-benchmark-0123456789-0123456789-0123456789",
            "PUBLIC_URL": self.url,
            "ALLOWED_HOSTS": HOST,
            "EGRESS_ALLOW": ",".join(reachable),
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
            "LOG_FORMAT": "json",
        }
        self.processes: dict[str, Process] = {}
        self._bulk_processes = bulk_processes

    def start(self) -> None:
        """Prepare the database, make the tenants, start the processes; returns when the API answers."""
        run_to_end(
            [sys.executable, "manage.py", "prepare", "--keys-file", str(self._folder / "keys.json")], env=self.env
        )
        made = run_to_end([sys.executable, "-m", "config.bench.tenants", *TENANTS], env=self.env)
        self._keys: Mapping[str, str] = json.loads(made)
        with listen_on(self.port) as listening:
            for program in CARILLON.programs:
                if program.name == "worker-bulk":
                    self.set_bulk_processes(self._bulk_processes)
                elif program.name not in LEFT_OUT:
                    web = {"web_fd": listening.fileno()} if program.name == "web" else {}
                    self._launch(program, name=program.name, **web)
        self._await_ready()
        self.account("post", key="nowhere", provider="nowhere", credentials={})

    def close(self) -> None:
        """End every process."""
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()

    def check(self) -> None:
        """Raises `Trouble` when one of its processes has ended."""
        for process in self.processes.values():
            process.check()

    def set_bulk_processes(self, wanted: int) -> None:
        """Let so many processes serve the lanes of worker-bulk from now on; returns when they do. Raises `Trouble`."""
        program = next(program for program in CARILLON.programs if program.name == "worker-bulk")
        running = [name for name in self.processes if name.startswith(program.name)]
        for name in running[wanted:]:
            self.processes.pop(name).stop()
        for number in range(len(running), wanted):
            self._launch(program, name=f"{program.name}-{number + 1}")
        for name, process in self.processes.items():
            if name.startswith(program.name) and not wait_for(
                partial(_serves, process), seconds=START_SECONDS, check=process.check
            ):
                raise Trouble(f"{name} does not get ready:\n{process.last_words()}")

    def crash_workers(self) -> int:
        """kill -9 every worker, then start as many again, as any supervisor does; how many that were."""
        workers = [name for name in self.processes if name.startswith("worker-")]
        for name in workers:
            self.processes[name].kill()
        programs = {program.name: program for program in CARILLON.programs}
        for name in workers:
            self._launch(programs[name if name in programs else name.rpartition("-")[0]], name=name)
        return len(workers)

    def only_web(self) -> None:
        """End everything that works in the background: what comes into the tables now is only looked at."""
        for name in [name for name in self.processes if name != "web"]:
            self.processes.pop(name).stop()

    def api(self, tenant: str) -> Api:
        """The API with the key of one of `TENANTS`."""
        return Api(self.port, self._keys[tenant])

    def key(self, tenant: str) -> str:
        """The key of one of `TENANTS`."""
        return self._keys[tenant]

    def account(self, tenant: str, *, key: str, provider: str, credentials: Mapping[str, str]) -> None:
        """Give a tenant an account with a provider, unless it has one of that key."""
        api = self.api(tenant)
        if not any(account["key"] == key for account in api("GET", "/provider-accounts")["results"]):
            api("POST", "/provider-accounts", {"key": key, "provider": provider, "credentials": dict(credentials)})

    def verify_ledger(self) -> tuple[str, ...]:
        """What `manage.py verify_ledger` finds wrong with everything there is."""
        said = run_to_end([sys.executable, "manage.py", "verify_ledger", "--all", "--json"], env=self.env, check=False)
        try:
            found = json.loads(said)
        except ValueError:
            return (f"verify_ledger did not say whether the ledger balances: {said[-200:]}",)
        missing = [f"the ledger misses {found['missing']}"] if found["missing"] else []
        return (*missing, *(f"ledger: {one['meaning']}: {len(one['ids'])}" for one in found["findings"]))

    def start_realtime(self) -> int:
        """Start the process that inboxes are looked at with, unless it runs; its port. Raises `Trouble`."""
        if REALTIME not in self.processes:
            program = next(program for program in CARILLON.programs if program.name == REALTIME)
            self._realtime_port = free_port()
            with listen_on(self._realtime_port) as listening:
                self._launch(program, name=REALTIME, realtime_fd=listening.fileno())
            process = self.processes[REALTIME]
            if not wait_for(
                lambda: http_answer(self._realtime_port, path="/healthz")[0] == 200,
                seconds=START_SECONDS,
                check=process.check,
            ):
                raise Trouble(f"the realtime process does not answer:\n{process.last_words()}")
        return self._realtime_port

    def end_realtime(self) -> None:
        """End that process, if it runs."""
        if REALTIME in self.processes:
            self.processes.pop(REALTIME).stop()

    def _await_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while http_answer(self.port, path="/readyz")[0] != 200:
            self.check()
            if time.monotonic() > until:
                raise Trouble(
                    f"Carillon is not ready after {START_SECONDS:.0f} s: {http_answer(self.port, path='/readyz')}"
                )
            time.sleep(0.1)

    def _launch(self, program: Program, *, name: str, **descriptors: int) -> None:
        command = program.filled({"python": sys.executable, **descriptors})
        env = {**self.env, **program.env}
        keep = tuple(descriptors.values())
        self.processes[name] = Process(name, command, env=env, logs=self._folder, keep_fds=keep)


def _serves(worker: Process) -> bool:
    return " ready." in worker.last_words()
