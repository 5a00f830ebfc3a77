"""The naive build as a contender: a Celery worker with two processes, started before the clock."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import redis
from celery import Celery

from config.bench.arena import Arena
from config.bench.databases import connect
from config.bench.processes import Process, run_to_end
from config.bench.sinks.sink import Sink
from config.bench.values import Trouble, Turn
from config.bench.waiting import wait_for
from deploy.local.paths import REPO

PROCESSES = 2
EMPTY = "TRUNCATE naive_notification, naive_delivery, naive_history"
SENT = "SELECT count(*) FROM naive_notification WHERE status = 'completed'"  # its last row
LINES = "SELECT count(*) FROM naive_history"
REUSE = "1000000"  # tasks on one connection: practically for ever
SLOWEST = 20.0  # a second: what is slower than that has stopped


class Naive:
    """`reuse` keeps database connections from task to task; `sink` is where mails go, `None` for nowhere."""

    def __init__(self, arena: Arena, *, reuse: bool, sink: Sink | None = None) -> None:
        self.name = "naive, connections kept" if reuse else "naive"
        self.about = "a Celery task per notification, ORM row by row" + (", CELERY_DB_REUSE_MAX" if reuse else "")
        self._arena, self._sink = arena, sink
        self.env = {
            **arena.environ,
            "PYTHONPATH": str(REPO),
            "DJANGO_SETTINGS_MODULE": "config.bench.naive.settings",
            "NAIVE_DATABASE_URL": arena.plain_database_url,
            "NAIVE_BROKER_URL": arena.plain_redis_url,
            **({"NAIVE_REUSE": REUSE} if reuse else {}),
            **({"NAIVE_EMAIL_HOST": sink.address[0], "NAIVE_EMAIL_PORT": str(sink.port)} if sink else {}),
        }
        self._prepared_for = 0

    def fan_out(self, size: int) -> Turn:
        """One notification to `size` people; `rate` is sent per second."""
        self.prepare(size)
        with connect(self._arena.plain_database_url) as database, self.worker(database):
            if self._sink is not None:
                self._sink.took()
            began = time.monotonic()
            self._celery.send_task("naive.fan_out", args=[uuid4().hex, size])
            done = wait_for(lambda: self._count(database, SENT) >= size, seconds=30 + size / SLOWEST)
            seconds = time.monotonic() - began
            sent, lines = self._count(database, SENT), self._count(database, LINES)
        troubles = () if done and lines == 2 * size else (f"sent {sent} with {lines} lines, not {size}",)
        if self._sink is not None and (arrived := len(self._sink.took())) != size:
            troubles = (*troubles, f"{arrived} arrived, not {size}")
        return Turn(size, {"rate": size / seconds}, troubles)

    def prepare(self, size: int) -> None:
        """Make tables, template and the wishes of `size` people, unless they are there."""
        if self._prepared_for < size:
            run_to_end([sys.executable, "-m", "config.bench.naive.prepare", str(size)], env=self.env)
            self._prepared_for = size

    @contextmanager
    def worker(self, database: psycopg.Connection[tuple[object, ...]]) -> Iterator[Process]:
        """A worker that has sent a first notification, and empty tables."""
        self.empty(database)
        command = [sys.executable, "-m", "celery", "-A", "config.bench.naive.celery", "worker"]
        command += ["--concurrency", str(PROCESSES), "--loglevel", "WARNING"]
        worker = Process("naive-worker", command, env=self.env, logs=self._arena.folder)
        try:
            self._celery.send_task("naive.fan_out", args=[uuid4().hex, PROCESSES])
            if not wait_for(lambda: self._count(database, SENT) >= PROCESSES, seconds=60, check=worker.check):
                raise Trouble(f"the naive worker does not work:\n{worker.last_words()}")
            self.empty(database)
            yield worker
        finally:
            worker.stop()

    @staticmethod
    def empty(database: psycopg.Connection[tuple[object, ...]]) -> None:
        """Begin with empty tables."""
        database.execute(EMPTY)

    def forget_messages(self) -> None:
        """Throw away what waits at the broker and nobody will answer."""
        with redis.Redis.from_url(self._arena.plain_redis_url) as client:
            client.flushdb()

    @property
    def _celery(self) -> Celery:
        return Celery(broker=self._arena.plain_redis_url, set_as_current=False)

    @staticmethod
    def _count(database: psycopg.Connection[tuple[object, ...]], query: str) -> int:
        row = database.execute(query).fetchone()
        return int(str(row[0])) if row else 0
