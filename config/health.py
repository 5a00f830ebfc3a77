"""Whether this installation can take requests: each thing it needs is asked on its own, with a short time-out."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import psycopg
import redis
from django.apps import apps
from django.conf import settings
from django.db import connection
from kombu import Connection

from kernel.clock import monotonic
from kernel.deadline import watchdog
from kernel.probes import NotReady, probes
from kernel.scrubbing import scrub_text
from tenants.scope import platform_scope

DATABASE_SECONDS = 2.0
STATEMENT_MILLISECONDS = 1000
REDIS_SECONDS = 0.5
BROKER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found. `detail` is safe to show: no address, no secret."""

    name: str
    well: bool
    detail: str
    ms: float


def findings() -> tuple[Finding, ...]:
    """Look at everything. What lives in the database is not asked while the database is out."""
    first = [_look(name, look) for name, look in _DEPENDENCIES.items()]
    asked = probes if first[0].well else ()
    return (*first, *(_look(probe.key, _as_platform(probe.look)) for probe in asked))


def _look(name: str, look: Callable[[], str]) -> Finding:
    began = monotonic()
    try:
        well, detail = True, look()
    except Exception as trouble:  # noqa: BLE001 - whatever it is, it is the finding
        well, detail = False, _words_for(trouble)
    return Finding(name=name, well=well, detail=detail, ms=round((monotonic() - began) * 1000, 1))


def _words_for(trouble: Exception) -> str:
    if isinstance(trouble, NotReady):
        return scrub_text(str(trouble))
    return type(trouble).__name__  # the texts of drivers name hosts and users


def _as_platform(look: Callable[[], str]) -> Callable[[], str]:
    def scoped() -> str:
        with platform_scope():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")
            return look()

    return scoped


def _database() -> str:
    """A connection of its own, as the role requests work as: a warm one would hide that no new one is given."""
    with _connected() as session:
        row = session.execute("SELECT current_setting('server_version')").fetchone()
        assert row is not None
        return f"PostgreSQL {row[0]}"


def _migrations() -> str:
    with _connected() as session:
        applied = {(app, name) for app, name in session.execute("SELECT app, name FROM django_migrations")}
    missing = sorted(_migrations_on_disk() - applied)
    if missing:
        app, name = missing[0]
        raise NotReady(f"{len(missing)} not applied, the first is {app}.{name}; run manage.py migrate")
    return "all applied"


@cache
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    """By file name alone: reading them all would cost a second."""
    found = set()
    for config in apps.get_app_configs():
        try:
            package = import_module(f"{config.name}.migrations")
        except ModuleNotFoundError:
            continue
        names = (module.name for module in iter_modules(getattr(package, "__path__", ())))
        found |= {(config.label, name) for name in names if name[0] not in "_~"}
    return frozenset(found)


@contextmanager
def _connected() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    parameters = connection.get_connection_params()
    parameters |= {"connect_timeout": int(DATABASE_SECONDS), "application_name": "carillon-readyz"}
    parameters.pop("cursor_factory", None)
    with psycopg.connect(**parameters, autocommit=True) as session:

        def cut() -> None:
            with socket.socket(fileno=os.dup(session.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

        with watchdog.guard(DATABASE_SECONDS, on_timeout=cut):
            yield session


def _redis() -> str:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=None
    ) as client:
        client.ping()
    return "answers"


def _broker() -> str:
    if settings.BROKER_URL == settings.REDIS_URL:
        return "same as redis"
    options = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    with Connection(settings.BROKER_URL, connect_timeout=BROKER_SECONDS, transport_options=options) as broker:
        broker.connect()
        broker.default_channel  # noqa: B018 - opening the channel is what asks the server
    return "answers"


_DEPENDENCIES: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "broker": _broker,
}
