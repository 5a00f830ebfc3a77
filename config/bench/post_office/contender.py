"""django-post_office's turn: queue the letters, then have its own command send them with two processes."""

import time
from collections.abc import Mapping
from importlib.util import find_spec

from config.bench.arena import Arena
from config.bench.databases import connect
from config.bench.processes import Hand
from config.bench.sinks.sink import Sink
from config.bench.values import Measure, Turn
from deploy.local.paths import REPO

PROCESSES = 2
SENDING = Measure("sending", "without queueing", "/s")
ABSENT = "" if find_spec("post_office") else "not installed: pip install django-post_office"
_SENT = "SELECT count(*) FROM post_office_email WHERE status = 0"  # its STATUS.sent


class PostOffice:
    name = "django-post_office"
    about = (
        f"send_many by 500, then send_queued_mail with {PROCESSES} processes, batches of 1,000, 5 threads, its log on"
    )

    def __init__(self, arena: Arena, sink: Sink) -> None:
        self._arena, self._sink = arena, sink
        self._prepared = False

    def send(self, size: int) -> Turn:
        """Queue and send `size` letters; `rate` counts both, `sending` only the second."""
        self._prepare()
        with connect(self._arena.plain_database_url) as database:
            database.execute("TRUNCATE post_office_email CASCADE")
            self._sink.took()
            queueing, sending = self._work(size)
            sent = (database.execute(_SENT).fetchone() or (0,))[0]
        arrived = len(self._sink.took())
        troubles = () if sent == arrived == size else (f"{sent} sent and {arrived} arrived, not {size}",)
        return Turn(size, {"rate": size / (queueing + sending), "sending": size / sending}, troubles)

    def _prepare(self) -> None:
        if not self._prepared:
            hand = self._hand(0)
            hand.done()
            hand.stop()
            self._prepared = True

    def _work(self, size: int) -> tuple[float, float]:
        """The seconds that queueing took, and sending."""
        hand = self._hand(size)
        try:
            hand.ready()
            began = time.monotonic()
            hand.go()
            hand.done()
            queued = time.monotonic()
            hand.go()
            hand.done()
            return queued - began, time.monotonic() - queued
        finally:
            hand.stop()

    def _hand(self, size: int) -> Hand:
        lockfile = str(self._arena.folder / "post_office")
        task = {"size": size, "processes": PROCESSES, "lockfile": lockfile}
        return Hand("config.bench.post_office.hand", task, env=self._env, logs=self._arena.folder)

    @property
    def _env(self) -> Mapping[str, str]:
        host, port = self._sink.address
        return {
            **self._arena.environ,
            "PYTHONPATH": str(REPO),
            "DJANGO_SETTINGS_MODULE": "config.bench.post_office.settings",
            "OFFICE_DATABASE_URL": self._arena.plain_database_url,
            "OFFICE_EMAIL_HOST": host,
            "OFFICE_EMAIL_PORT": str(port),
        }
