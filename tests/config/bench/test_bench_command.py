"""`manage.py bench` reads its words, refuses servers that somebody uses, and really measures."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from deploy.local.paths import REPO
from deploy.local.services import start_valkey, temporary_folder
from tests.stack.running import wait_until

SECRET = "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEF"


def bench(*words: str, servers: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "DATABASE_URL": servers["database_url"],
        "REDIS_URL": servers["redis_url"],
        "SECRET_KEY": SECRET,
    }
    command = [sys.executable, "manage.py", "bench", *words]
    return subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture
def own_redis() -> Iterator[str]:
    """An empty one of its own: the bench wants nobody else there."""
    with temporary_folder("carillon-test-") as folder:
        valkey = start_valkey(folder / "valkey", durable=False)
        yield valkey.url
        valkey.stop()


def databases(servers: dict[str, str]) -> list[tuple[str]]:
    """Those of a bench that are still there."""
    with psycopg.connect(servers["database_url"]) as server:
        return server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'carillon_bench%'").fetchall()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "P1,P99"), "no workload 'P99'; known: P1"),
        (("--repeats", "0"), "'0' will not do; a whole number from 1 on would"),
        (("--size", "many"), "'many' will not do"),
        (("--fast",), "unrecognized arguments: --fast"),
    ],
)
def test_wrong_words_are_named(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    nowhere = {"database_url": "postgresql://127.0.0.1:1/none", "redis_url": "redis://127.0.0.1:1/0"}

    done = bench(*words, servers=nowhere, folder=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_redis_that_somebody_uses_is_refused(servers: dict[str, str], own_redis: str, tmp_path: Path) -> None:
    used = own_redis
    with redis.Redis.from_url(used) as client:
        client.set("theirs", 1)

    done = bench("--quick", servers={**servers, "redis_url": used}, folder=tmp_path)

    assert done.returncode == 1
    assert "holds 1 keys, so somebody uses it" in done.stderr


def test_who_interrupts_it_leaves_nothing_behind(servers: dict[str, str], own_redis: str, tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "DATABASE_URL": servers["database_url"],
        "REDIS_URL": own_redis,
        "SECRET_KEY": SECRET,
    }
    running = subprocess.Popen([sys.executable, "manage.py", "bench", "--only", "P1"], cwd=REPO, env=env)
    wait_until(lambda: any(tmp_path.glob("carillon-bench-*/carillon")), seconds=120, what="its work to begin")

    running.send_signal(signal.SIGTERM)

    assert running.wait(60) == 143
    assert list(tmp_path.iterdir()) == []
    assert databases(servers) == []


@pytest.mark.timeout(300)
def test_a_fan_out_is_really_measured_and_nothing_is_left_behind(
    servers: dict[str, str], own_redis: str, tmp_path: Path
) -> None:
    found = tmp_path / "found.json"
    empty = {**servers, "redis_url": own_redis}

    done = bench(
        "--only", "P10", "--size", "200", "--repeats", "1", "--json", str(found), servers=empty, folder=tmp_path
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (workload,) = json.loads(found.read_text())["workloads"]
    names = [contender["name"] for contender in workload["contenders"] if contender["figures"]]
    assert names == ["Carillon", "Carillon, a tenth of it"]
    assert workload["troubles"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]
    assert databases(servers) == []
