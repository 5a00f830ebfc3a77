"""The naive build as a site for single notifications: gunicorn with two sync workers before its Celery worker."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from uuid import uuid4

from config.bench import letter
from config.bench.arena import Arena
from config.bench.databases import connect
from config.bench.load import Request
from config.bench.naive.contender import Naive
from config.bench.processes import Process
from config.bench.site import scheduled, singles
from config.bench.values import Trouble, Turn
from config.bench.waiting import wait_for
from deploy.local.ports import HOST, free_port
from deploy.local.probes import http_answer

WEB_PROCESSES = 2
PEOPLE = 1000
_HANDED_OVER = """
SELECT notification_id::text, sent_at FROM naive_delivery
WHERE notification_id = ANY (%s::uuid[]) AND status = 'sent'
"""


class NaiveSite:
    """`worker`: whether anybody sends; without one only accepting can be measured. `environ` is for its web."""

    def __init__(self, arena: Arena, *, worker: bool = True, environ: Mapping[str, str] | None = None) -> None:
        self.name = "naive" if worker else "bare DRF POST"
        self.about = f"gunicorn -w {WEB_PROCESSES}, serializer, INSERT, a Celery message per notification"
        self.about += ", and its worker" if worker else "; nobody answers the messages"
        self._arena, self._with_worker = arena, worker
        self._naive = Naive(arena, reuse=False)
        self._naive.env |= environ or {}
        self._numbers = count()
        self.port = 0

    def singles(self, size: int) -> Turn:
        """See `site.singles`."""
        with self.running():
            return singles(self, size)

    def scheduled(self, size: int, *, per_second: float) -> Turn:
        """See `site.scheduled`."""
        with self.running():
            return scheduled(self, size, per_second=per_second)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The site with empty tables."""
        self._naive.prepare(PEOPLE)
        with ExitStack() as closing:
            database = closing.enter_context(connect(self._arena.plain_database_url))
            if self._with_worker:
                closing.enter_context(self._naive.worker(database))
            else:
                self._naive.empty(database)
                closing.callback(self._naive.forget_messages)
            self.port = free_port()
            command = [sys.executable, "-m", "gunicorn", "config.bench.naive.wsgi", "-w", str(WEB_PROCESSES)]
            command += ["-b", f"{HOST}:{self.port}", "--log-level", "warning"]
            web = Process("naive-web", command, env=self._naive.env, logs=self._arena.folder)
            closing.callback(web.stop)
            if not wait_for(lambda: http_answer(self.port, path="/")[0] == 404, seconds=60, check=web.check):
                raise Trouble(f"the naive site does not answer:\n{web.last_words()}")
            yield

    def requests(self, size: int) -> Sequence[bytes]:
        """One person after the other is written to."""
        return [Request("/notifications", self.item(next(self._numbers) % PEOPLE)).encoded() for _ in range(size)]

    def item(self, number: int) -> dict[str, object]:
        """What is asked for one person."""
        return {
            "idempotency_key": uuid4().hex,
            "template": "order",
            "user_id": f"person-{number}",
            "channel": "email",
            "address": letter.address(number),
            "variables": letter.context(number),
        }

    def handed_over(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When they were sent."""
        with connect(self._arena.plain_database_url) as database:
            return dict(database.execute(_HANDED_OVER, (list(ids),)).fetchall())
