"""A real gunicorn whose threads are all busy: the next request is refused at once, and probes are answered."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LIMIT = 3
PATIENCE = 30.0


def ask(port: int, path: str, patience: float = PATIENCE) -> tuple[int, dict[str, str], float]:
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    return response.status, dict(response.getheaders()), time.monotonic() - began


def ask_until_admitted(port: int, path: str) -> tuple[int, dict[str, str], float]:
    """Again and again while there is no room."""
    until = time.monotonic() + PATIENCE
    while (answer := ask(port, path))[0] == 503 and time.monotonic() < until:
        time.sleep(0.05)
    return answer


def ask_until_refused(port: int, path: str) -> tuple[int, dict[str, str], float]:
    """Again and again until all places are taken: who is let in before that waits in vain and gives up."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            return ask(port, path, patience=1.0)
        except TimeoutError:
            continue
    pytest.fail("nobody was refused")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd, chosen = listener.fileno(), listener.getsockname()[1]
        env = os.environ | {
            "CARILLON_PROCESS": "web",
            "DATABASE_URL": "postgresql://127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEF",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "ORCHESTRATOR_MAX_CONCURRENT_REQUESTS": str(LIMIT),
            "WEB_WORKERS": "1",
            "WEB_THREADS": "1",
            "SLOW_UNTIL": str(tmp_path / "now"),
            "PYTHONPATH": str(Path(__file__).parent),
        }
        command = ["gunicorn", "slow_door:application", "-c", "config/gunicorn.py", "--bind", f"fd://{fd}"]
        server = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, pass_fds=(fd,))
    try:
        wait_until_it_answers(chosen, server)
        yield chosen
    finally:
        server.terminate()
        assert server.wait(PATIENCE) == 0


def wait_until_it_answers(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert server.poll() is None
        try:
            if ask(port, "/healthz")[0] == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
    pytest.fail("gunicorn did not answer")


def test_what_is_beyond_the_limit_is_refused_at_once_and_probes_are_answered(port: int, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(ask_until_admitted, port, "/slow") for _ in range(LIMIT)]
        try:
            status, headers, seconds = ask_until_refused(port, "/api/v1/anything")
            probe, _headers, probe_seconds = ask(port, "/healthz")
        finally:
            (tmp_path / "now").touch()
        served = [future.result()[0] for future in slow]

    assert (status, headers["Retry-After"], headers["Content-Type"]) == (503, "1", "application/problem+json")
    assert (probe, served) == (200, [200] * LIMIT)
    assert max(seconds, probe_seconds) < 5
    assert ask(port, "/api/v1/anything")[0] == 404
