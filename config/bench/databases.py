"""Databases of the benchmark's own on the server it was given: made at the start, dropped at the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg.sql import SQL, Identifier

from config.bench.values import Trouble

SEES_ALL = "-c role=carillon_dispatcher"  # the owner of the tables sees no tenant's rows

_LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user"


@contextmanager
def database(server_url: str, purpose: str) -> Iterator[str]:
    """The URL of an empty database that nobody else uses."""
    name = f"carillon_bench_{purpose}_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as server:
            # `WITH (FORCE)` is refused while a vacuum is at work there, which a plain drop sends away by itself.
            server.execute(_LEAVE, (name,))
            server.execute(SQL("DROP DATABASE {}").format(Identifier(name)))


def connect(url: str, *, options: str = "") -> psycopg.Connection[tuple[Any, ...]]:
    """A connection that commits each statement."""
    return psycopg.connect(url, autocommit=True, options=options)


def numbered(redis_url: str, number: int) -> str:
    """The same server, its database with this number."""
    return urlunsplit(urlsplit(redis_url)._replace(path=f"/{number}"))


def refuse_used_redis(redis_url: str) -> None:
    """Raises `Trouble` when somebody keeps something there: bells of a running Carillon must not be mixed with ours."""
    try:
        with redis.Redis.from_url(redis_url) as client:
            keys = int(client.dbsize())
    except redis.RedisError as trouble:
        raise Trouble(f"the Redis to benchmark with does not answer ({type(trouble).__name__})") from trouble
    if keys:
        raise Trouble(
            f"the Redis to benchmark with holds {keys} keys, so somebody uses it; "
            "./carillon bench brings a server of its own, an empty one would do"
        )


def durability(url: str) -> dict[str, str]:
    """What the server promises about commits, and which it is."""
    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    with connect(url) as server:
        return {name: str(server.execute("SELECT current_setting(%s)", (name,)).fetchone()[0]) for name in names}  # type: ignore[index]
