"""The realtime process itself, on a database and a Redis of its own, and clients for both of its protocols."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from websockets.sync.client import ClientConnection, connect

from audience import publish as publishing
from deploy.local.services import Valkey, start_valkey, temporary_folder

SECRET_KEY = "a-key-of-the-realtime-tests-that-opens-nothing-anywhere-else-0123456789"
START_SECONDS = 30


@dataclass
class Realtime:
    """A running `config.asgi`, and the Valkey that only it and the test know."""

    port: int
    process: subprocess.Popen[bytes]
    valkey: Valkey
    opened: ExitStack = field(default_factory=ExitStack)

    def sse(self, token: str = "", *, timeout: float = 10, **headers: str) -> "Events":
        """Open the event stream; raises `urllib.error.HTTPError` when it is refused."""
        asked = {"Authorization": f"Bearer {token}", **headers} if token else headers
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/sse/inbox", headers=asked)
        return Events(self.opened.enter_context(urllib.request.urlopen(request, timeout=timeout)))

    def websocket(self, token: str, *, more: str = "") -> ClientConnection:
        return self.opened.enter_context(connect(f"ws://127.0.0.1:{self.port}/ws/inbox?token={token}{more}"))

    def threads(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("Threads:")).split()[1])


@dataclass
class Events:
    """What an event stream says, line by line."""

    answer: Any

    def next(self) -> tuple[str | None, dict[str, Any]]:
        """The next event: its id and its data. Comments are passed over."""
        id = None
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                id = line[4:]
            elif line.startswith("data: "):
                return id, json.loads(line[6:])
            elif not line and self.answer.closed:
                raise EOFError

    def until(self, kind: str) -> dict[str, Any]:
        """The next event of this type."""
        while True:
            _, data = self.next()
            if data["type"] == kind:
                return data


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Realtime]:
    port = _free_port()
    with temporary_folder("carillon-realtime-") as folder:
        valkey = start_valkey(folder / "valkey", durable=False)
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "warning"],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("CARILLON_")},
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": _database_url(),
                "REDIS_URL": valkey.url,
                "SECRET_KEY": SECRET_KEY,
            },
        )
        try:
            _wait_for(port, process)
            yield Realtime(port, process, valkey)
        finally:
            process.kill()
            process.wait()
            valkey.stop()


@pytest.fixture
def realtime(
    server: Realtime, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Realtime]:
    """The running process; tokens of this test open its inboxes, and what this test publishes arrives there."""
    settings.SECRET_KEY, settings.REDIS_URL = SECRET_KEY, server.valkey.url
    monkeypatch.setattr(publishing, "_line", publishing._Line())
    with server.opened:
        yield server


def _database_url() -> str:
    known = connection.settings_dict
    parts = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
    user = f"{parts['user']}:{parts['password']}@" if parts["password"] else f"{parts['user']}@"
    return f"postgresql://{user}{parts['host']}:{parts['port']}/{known['NAME']}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the realtime process ended at once"
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the realtime process did not start")
