"""The upper bound as a contender: two processes, started before the clock."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

from config.bench.arena import Arena
from config.bench.bare import tables
from config.bench.bare.hand import BATCH
from config.bench.databases import connect
from config.bench.processes import Hand
from config.bench.sinks.sink import Sink
from config.bench.values import Turn
from deploy.local.paths import REPO

PROCESSES = 2


class Bare:
    """`sink` is where mails go; `None` renders and throws away."""

    name = "upper bound"
    about = f"bare psycopg: COPY, render, hand over, one update per {BATCH}; {PROCESSES} processes"

    def __init__(self, arena: Arena, *, sink: Sink | None = None) -> None:
        self._arena, self._sink = arena, sink

    def fan_out(self, size: int) -> Turn:
        """Send to `size` people; `rate` is sent per second."""
        with connect(self._arena.plain_database_url) as database, ExitStack() as closing:
            if not database.execute("SELECT to_regclass('bare_delivery')").fetchone()[0]:  # type: ignore[index]
                database.execute(tables.DDL)
            database.execute(tables.EMPTY)
            if self._sink is not None:
                self._sink.took()
            hands = self._hands(size, closing)
            for hand in hands:
                hand.ready()
            began = time.monotonic()
            for hand in hands:
                hand.go()
            for hand in hands:
                hand.done()
            seconds = time.monotonic() - began
            sent, lines = database.execute(tables.COUNT).fetchone() or (0, 0)
        return Turn(size, {"rate": size / seconds}, tuple(self._troubles(size, sent=sent, lines=lines)))

    def _troubles(self, size: int, *, sent: int, lines: int) -> Iterator[str]:
        if (sent, lines) != (size, 2 * size):
            yield f"sent {sent} with {lines} lines of history, not {size} with {2 * size}"
        if self._sink is not None and (arrived := len(set(self._sink.took()))) != size:
            yield f"{arrived} arrived, not {size}"

    def _hands(self, size: int, closing: ExitStack) -> list[Hand]:
        notification, hands = str(uuid4()), []
        for number in range(PROCESSES):
            first = size * number // PROCESSES
            task = {
                "database_url": self._arena.plain_database_url,
                "notification": notification,
                "first": first,
                "size": size * (number + 1) // PROCESSES - first,
                "smtp": None if self._sink is None else self._sink.address,
            }
            env = {**self._arena.environ, "PYTHONPATH": str(REPO)}
            hands.append(Hand("config.bench.bare.hand", task, env=env, logs=self._arena.folder))
            closing.callback(hands[-1].stop)
        return hands
