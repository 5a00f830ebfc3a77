"""Real PostgreSQL and Valkey for every test that wants them, databases of its own per worker, and a still clock.

With DATABASE_URL and REDIS_URL in the environment those servers are used, else throw-away ones are started. Tests run
as a role that sees all tenants and may truncate; `tenant_scope` narrows them to the role of the web process.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadFileScheduling

from channels_app import accounts_stored
from deploy.local.services import start_postgres, start_valkey, temporary_folder
from orchestrator.models import Decision
from orchestrator.services.decisions import replayed

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

TESTER = """
DO $$ BEGIN
  BEGIN CREATE ROLE carillon_tester NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
  BEGIN GRANT carillon_dispatcher TO carillon_tester; EXCEPTION WHEN unique_violation THEN NULL; END;
  BEGIN EXECUTE format('GRANT carillon_tester TO %I', current_user); EXCEPTION WHEN unique_violation THEN NULL; END;
END $$;
"""
# The longest ones begin first, so that nobody waits for one of them in the end.
LONG = (
    "tests/faults/test_killed_processes.py",
    "tests/config/bench/test_bench_command.py",
    "tests/flows/",
    "tests/orchestrator/test_state_machine.py",
    "tests/launcher/",
    "tests/channels_app/test_skeletons.py",
    "tests/browser/",
    "tests/templates_app/starter/",
    "tests/orchestrator/services/",
)
SLOWER = 50  # than real time
STORIES = "tests/flows"  # which share one running Carillon, and so a worker
# Kept between tests: what migrations and Django itself put there.
KEPT = ("django_migrations", "django_content_type", "auth_permission")


class _Scheduling(LoadFileScheduling):
    """A file is the work of one worker, and so are all stories."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return STORIES if file.startswith(f"{STORIES}/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return _Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, begin in enumerate(LONG) if begin in item.nodeid), len(LONG)))


@pytest.fixture(scope="session")
def servers(worker_id: str) -> Iterator[dict[str, str]]:
    """URLs of a PostgreSQL and a Valkey: {"database_url", "redis_url"}. What a test empties is this worker's own."""
    with ExitStack() as closing:
        database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        if not database_url or not redis_url:
            folder = closing.enter_context(temporary_folder("carillon-test-"))
        if not database_url:
            postgres = start_postgres(folder / "postgres", durable=False)
            closing.callback(postgres.stop)
            database_url = postgres.url
        if not redis_url:
            valkey = start_valkey(folder / "valkey", durable=False)
            closing.callback(valkey.stop)
            redis_url = valkey.url
        yield {"database_url": database_url, "redis_url": _numbered(redis_url, worker_id)}


def _numbered(redis_url: str, worker_id: str) -> str:
    """The URL of the Valkey database with the worker's number: `gw0` has 1, a run without workers 0."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    address = urlsplit(redis_url)
    return urlunsplit(
        address._replace(query=f"db={number}") if address.scheme == "unix" else address._replace(path=f"/{number}")
    )


@pytest.fixture(scope="session")
def django_db_setup(servers: dict[str, str], django_db_blocker: DjangoDbBlocker, worker_id: str) -> Iterator[None]:
    """A fresh, migrated database for this worker; connections start as `carillon_tester`."""
    name = f"test_carillon_{worker_id}_{os.getpid()}"
    with psycopg.connect(servers["database_url"], autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    address = psycopg.conninfo.conninfo_to_dict(servers["database_url"])
    connection.close()
    connection.settings_dict.update(
        NAME=name,
        USER=address.get("user", ""),
        PASSWORD=address.get("password", ""),
        HOST=address.get("host", ""),
        PORT=str(address.get("port", "")),
    )
    settings.REDIS_URL = servers["redis_url"]
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute(TESTER)
        connection.close()
    connection.settings_dict["OPTIONS"]["options"] = "-c role=carillon_tester"
    owner = _Owner(servers["database_url"], name)
    with pytest.MonkeyPatch.context() as patch:
        # Tests that commit are cleaned up after by the owner: the roles of the product may not truncate.
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: owner.empty())
        yield
    owner.close()
    with django_db_blocker.unblock():
        connection.close()
    _drop(servers["database_url"], name)


def _drop(database_url: str, name: str) -> None:
    """Drop a database, when autovacuum has let go of it: an owner who is no superuser may not send that away."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        for _ in range(100):
            try:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                time.sleep(0.1)
            else:
                return


class _Owner:
    """Empties the database between tests, over one connection: a new one would know nothing of the tables."""

    def __init__(self, database_url: str, name: str) -> None:
        self._address, self._name = database_url, name
        self._connection: psycopg.Connection[Any] | None = None

    def empty(self) -> None:
        """Empty what holds anything: to truncate all tables and partitions would take longer than most tests."""
        try:
            self._truncate(self._connection or self._connect())
        except psycopg.OperationalError:  # a test ended all connections, this one too
            self._truncate(self._connect())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> psycopg.Connection[Any]:
        self._connection = psycopg.connect(self._address, dbname=self._name, autocommit=True)
        return self._connection

    def _truncate(self, owner: psycopg.Connection[Any]) -> None:
        used = [table for (table,) in owner.execute(_USED) if table not in KEPT]
        if not used:
            return
        append_only = owner.execute(_APPEND_ONLY).fetchall()  # CASCADE may lead to any of them
        disabled = [f"ALTER TABLE {table} DISABLE TRIGGER {trigger}" for table, trigger in append_only]
        enabled = [f"ALTER TABLE {table} ENABLE TRIGGER {trigger}" for table, trigger in append_only]
        owner.execute(";".join(("BEGIN", *disabled, f"TRUNCATE {', '.join(used)} CASCADE", *enabled, "COMMIT")))


# Tables and partitions with a page on the disk: truncated ones have none.
_USED = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0
"""
_APPEND_ONLY = r"""
SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%\_no\_truncate'
"""


@pytest.fixture
def at() -> datetime:
    """The moment at which tests happen."""
    return AT


@pytest.fixture(autouse=True)
def accounts_once_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read of provider accounts is good for a whole test, so that statements can be counted."""
    monkeypatch.setattr(accounts_stored, "FRESH_SECONDS", 3600.0)
    accounts_stored.forget_accounts()


@pytest.fixture(autouse=True)
def slow_clock_where_statements_are_counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept for a second is still there when a busy machine comes to the next line of a test."""
    if hasattr(request.module, "CaptureQueriesContext"):
        began = time.monotonic()
        slow = SimpleNamespace(monotonic=lambda: began + (time.monotonic() - began) / SLOWER)
        monkeypatch.setattr("kernel.clock.time", slow)


@pytest.fixture(scope="session")
def valkey_of_worker(servers: dict[str, str]) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(servers["redis_url"]) as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_shared_with_the_test_before(request: pytest.FixtureRequest) -> None:
    """No breaker that another test has opened, no limit that it used up."""
    if request.node.get_closest_marker("django_db") is not None:
        request.getfixturevalue("valkey_of_worker").flushdb()


@pytest.fixture(autouse=True)
def decisions_come_out_the_same(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test makes the pipeline decide is taken again after it, and must come out the same to the bit."""
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    if connection.connection is not None and not connection.needs_rollback and not connection.connection.closed:
        different = [one for one in replayed(list(Decision.objects.all())) if one.agrees is False]
        assert different == []
