"""Where the contenders meet: servers that were given, databases, sinks and Carillon, each made when first asked for."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from config.bench.databases import SEES_ALL, connect, database, numbered, refuse_used_redis
from config.bench.sinks.sink import Sink
from config.bench.stack import Stack
from deploy.local.services import temporary_folder

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "LD_LIBRARY_PATH")
HOOK_SECONDS = 0.05


class Arena:
    """A context: what was made in it is taken away at its end, whatever happens."""

    def __init__(self, *, server_url: str, redis_url: str) -> None:
        self.server_url, self.redis_url = server_url, redis_url
        self._closing = ExitStack()

    def __enter__(self) -> "Arena":
        refuse_used_redis(self.redis_url)
        refuse_used_redis(self.plain_redis_url)
        self.folder: Path = self._closing.enter_context(temporary_folder("carillon-bench-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @cached_property
    def environ(self) -> Mapping[str, str]:
        """What every process is given; nothing of the user's own settings."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {**kept, "PYTHONUNBUFFERED": "1", "VIRTUAL_ENV": sys.prefix}

    @cached_property
    def plain_database_url(self) -> str:
        """A database for contenders with tables of their own."""
        return self._closing.enter_context(database(self.server_url, "plain"))

    @property
    def plain_redis_url(self) -> str:
        """The broker of contenders who need one."""
        return numbered(self.redis_url, 1)

    @cached_property
    def stack(self) -> Stack:
        """Carillon, running."""
        return self._closing.enter_context(self._running("carillon", redis_url=self.redis_url))

    @contextmanager
    def stack_apart(self, purpose: str, *, number: int) -> Iterator[Stack]:
        """Another Carillon with a database of its own, for what must not stay; `number` of its Redis from 2 on."""
        with self._running(purpose, redis_url=numbered(self.redis_url, number)) as stack:
            yield stack

    @contextmanager
    def _running(self, purpose: str, *, redis_url: str) -> Iterator[Stack]:
        with database(self.server_url, purpose) as url:
            stack = Stack(
                database_url=url,
                redis_url=redis_url,
                environ=self.environ,
                folder=self.folder / purpose,
                reachable=tuple(f"{sink.address[0]}:{sink.port}" for sink in (self.mail_sink, self.hook_sink)),
            )
            try:
                stack.start()
                yield stack
            finally:
                stack.close()

    @cached_property
    def mail_sink(self) -> Sink:
        """A mail server that takes everything."""
        return self._sink("config.bench.sinks.smtp")

    @cached_property
    def hook_sink(self) -> Sink:
        """A web server that takes everything, `HOOK_SECONDS` after it was asked."""
        return self._sink("config.bench.sinks.http", str(HOOK_SECONDS))

    def _sink(self, module: str, *words: str) -> Sink:
        sink = Sink(module, *words, processes=1, environ=self.environ, folder=self.folder)
        self._closing.callback(sink.close)
        return sink

    @cached_property
    def ledger(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that sees every tenant's rows in Carillon's database."""
        return self._closing.enter_context(connect(self.stack.database_url, options=SEES_ALL))
