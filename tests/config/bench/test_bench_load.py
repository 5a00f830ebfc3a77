"""Load comes on a schedule that waits for nobody, and what is not handed over has no figure."""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest

from config.bench import site
from config.bench.counters import bound_of
from config.bench.load import Request, flat_out, on_schedule
from config.bench.sinks.sink import Sink
from config.bench.values import Trouble

ANSWER_SECONDS = 0.2
REQUEST = Request("/", {"hello": "world"}).encoded()


@pytest.fixture
def slow_port(tmp_path: Path) -> Iterator[int]:
    """A server that answers each request after `ANSWER_SECONDS`."""
    environ = {"PATH": os.environ["PATH"]}
    sink = Sink("config.bench.sinks.http", str(ANSWER_SECONDS), processes=1, environ=environ, folder=tmp_path)
    yield sink.port
    sink.close()


class Numbering(BaseHTTPRequestHandler):
    """Answers 202 with an id, the path `/no` with 422."""

    protocol_version = "HTTP/1.1"
    ids = count()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"id": str(next(self.ids))}).encode()
        self.send_response(422 if self.path == "/no" else 202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def numbering_port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Numbering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


class SiteThatForgets:
    """Hands over all but the last `forgets` of its notifications."""

    def __init__(self, port: int, *, forgets: int) -> None:
        self.port, self._forgets = port, forgets
        self._ids: list[str] = []

    def requests(self, size: int) -> Sequence[bytes]:
        return [REQUEST] * size

    def handed_over(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        self._ids = self._ids or sorted(ids, key=int)
        kept = self._ids[: len(self._ids) - self._forgets]
        return {id: datetime.now(UTC) for id in ids if id in kept}


def test_who_waits_behind_a_slow_answer_has_waited_since_it_was_due(slow_port: int) -> None:
    answers = on_schedule(slow_port, [REQUEST] * 5, per_second=20, connections=1)

    # One after the other on the only connection: the last is answered after five answers, and was due after 0.2 s.
    assert answers[-1].seconds >= 5 * ANSWER_SECONDS - 0.2 - 0.01
    assert [round(answer.due_at - answers[0].due_at, 3) for answer in answers] == [0.0, 0.05, 0.1, 0.15, 0.2]


def test_flat_out_sends_each_request_once(numbering_port: int) -> None:
    answers = flat_out(numbering_port, [REQUEST] * 50, connections=4)

    assert len({answer.body["id"] for answer in answers}) == 50


def test_a_refusal_is_no_answer(numbering_port: int) -> None:
    with pytest.raises(Trouble, match="answered 422"):
        flat_out(numbering_port, [Request("/no", {}).encoded()])


def test_a_site_that_forgets_has_no_figures(numbering_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "PATIENCE_SECONDS", 0.0)

    whole = site.scheduled(SiteThatForgets(numbering_port, forgets=0), 10, per_second=200)
    turn = site.scheduled(SiteThatForgets(numbering_port, forgets=1), 10, per_second=200)

    assert (set(whole.figures), whole.troubles) == ({"p50", "p95", "p99"}, ())
    assert (turn.figures, turn.troubles) == ({}, ("9 of 10 were handed over",))


def test_the_bound_that_most_observations_stay_within_counts_only_what_came_since() -> None:
    before = {0.001: 5.0, 0.01: 5.0, float("inf"): 5.0}
    after = {0.001: 5.0, 0.01: 104.0, float("inf"): 105.0}

    assert bound_of(0.99, before=before, after=after) == 0.01
    assert bound_of(1.0, before=before, after=after) == float("inf")
    assert bound_of(0.5, before=after, after=after) is None
