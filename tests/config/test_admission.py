"""What is beyond the limit is told to come back; operators are always let in."""

import dataclasses
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.admission import CountingThreadPool, Load, spare_thread
from config.middleware import admission

PATIENCE = 5.0


@pytest.fixture
def limit_of_one(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Load:
    settings.ORCHESTRATOR = dataclasses.replace(settings.ORCHESTRATOR, max_concurrent_requests=1)
    load = Load()
    monkeypatch.setattr(admission, "load", load)
    return load


def test_one_request_too_many_gets_503_and_the_next_one_later_is_let_in(limit_of_one: Load) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_request: HttpRequest) -> HttpResponse:
        entered.set()
        leave.wait(PATIENCE)
        return HttpResponse(status=202)

    door = admission.Admission(slow)
    request = RequestFactory().get("/api/v1/notifications")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(door, request)
        assert entered.wait(PATIENCE)
        refused = door(request)
        watched = pool.submit(door, RequestFactory().get("/readyz"))
        leave.set()

        assert first.result().status_code == 202
        assert watched.result().status_code == 202
    assert (refused.status_code, refused["Retry-After"]) == (503, "1")
    assert refused["Content-Type"] == "application/problem+json"
    assert isinstance(refused, HttpResponse)
    assert json.loads(refused.content)["code"] == "unavailable"
    assert door(request).status_code == 202


def test_the_spare_thread_refuses_requests_and_answers_probes(settings: Any) -> None:
    door = admission.Admission(lambda _: HttpResponse())

    with spare_thread() as spare:
        refused = spare.submit(door, RequestFactory().get("/api/v1/notifications")).result()
        probe = spare.submit(door, RequestFactory().get("/metrics")).result()

    assert (refused.status_code, probe.status_code) == (503, 200)
    assert door(RequestFactory().get("/api/v1/notifications")).status_code == 200


def test_a_request_that_breaks_is_over_too(limit_of_one: Load) -> None:
    def broken(_request: HttpRequest) -> HttpResponse:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        admission.Admission(broken)(RequestFactory().get("/"))

    assert admission.Admission(lambda _: HttpResponse())(RequestFactory().get("/")).status_code == 200


def test_the_pool_counts_what_runs_and_what_waits() -> None:
    leave = threading.Event()
    pool = CountingThreadPool(max_workers=1)

    futures = [pool.submit(leave.wait, PATIENCE) for _ in range(3)]
    assert pool.unfinished == 3
    leave.set()
    for future in futures:
        future.result()
    pool.shutdown()

    assert pool.unfinished == 0
    with pytest.raises(RuntimeError):
        pool.submit(print)
    assert pool.unfinished == 0
