"""Each request has an id and a trace of its own, is told both, and leaves one line and one figure."""

import asyncio
import json
import logging
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from prometheus_client import REGISTRY

from config.logs import formatter
from config.middleware.context import RequestContext
from kernel import trace

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


def answer(request: HttpRequest) -> HttpResponse:
    request.resolver_match = resolve("/version")
    return HttpResponse(status=202)


def ask(path: str = "/version", **headers: str) -> HttpResponse:
    response = RequestContext(answer)(RequestFactory().get(path, headers=headers))
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("given", ["a", "x" * 128, "019350c0-7b5e.A_1"])
def test_a_good_request_id_is_given_back(given: str) -> None:
    assert ask(**{"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\nb", "<script>", "ä", "a;b"])
def test_any_other_is_replaced(given: str) -> None:
    made = ask(**{"X-Request-ID": given})["X-Request-ID"]

    assert len(made) == 32
    assert made != given


def test_a_trace_goes_on_in_a_span_of_our_own() -> None:
    told = ask(traceparent=TRACEPARENT)["traceparent"]

    assert told.split("-")[1] == TRACE_ID
    assert told != TRACEPARENT
    assert told.endswith("-01")


def test_a_bad_traceparent_begins_a_new_trace() -> None:
    told = ask(traceparent="00-zzz")["traceparent"]

    assert len(told) == 55
    assert "zzz" not in told


def test_inside_the_trace_is_current_and_outside_it_is_gone() -> None:
    seen: list[Any] = []

    def look(request: HttpRequest) -> HttpResponse:
        seen.append((trace.current(), request.request_id))  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(tenant="t1")
        return HttpResponse()

    RequestContext(look)(RequestFactory().get("/", headers={"X-Request-ID": "r1"}))

    ((inside, request_id),) = seen
    assert (inside.request_id, request_id) == ("r1", "r1")
    assert trace.current() is None
    assert structlog.contextvars.get_contextvars() == {}


def test_an_asynchronous_request_has_the_same() -> None:
    seen: list[trace.Trace | None] = []

    async def look(_request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        seen.append(trace.current())
        return HttpResponse()

    async def go() -> HttpResponse:
        waiting = RequestContext(look)(RequestFactory().get("/", headers={"X-Request-ID": "r2"}))
        response = await waiting  # type: ignore[misc]
        assert isinstance(response, HttpResponse)
        return response

    response = asyncio.run(go())

    assert response["X-Request-ID"] == "r2"
    assert [found.request_id for found in seen if found] == ["r2"]


def test_a_request_leaves_one_line_with_its_route_and_no_path(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="carillon.request")

    ask("/version?key=secret", **{"X-Request-ID": "r3"})

    (record,) = caplog.records
    assert (record.message, record.method, record.route, record.status) == (  # type: ignore[attr-defined]
        "request.answered", "GET", "version", 202,
    )  # fmt: skip
    assert record.ms >= 0  # type: ignore[attr-defined]
    assert "secret" not in str(record.__dict__)


def test_the_line_carries_the_request_and_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(console=False))
    log = logging.getLogger("carillon.request")
    log.addHandler(handler)
    try:
        log.setLevel(logging.INFO)
        ask(traceparent=TRACEPARENT, **{"X-Request-ID": "r4"})
    finally:
        log.removeHandler(handler)

    line = json.loads(capsys.readouterr().err.splitlines()[0])
    assert (line["event"], line["request_id"], line["trace_id"]) == ("request.answered", "r4", TRACE_ID)


def test_an_unknown_address_is_told_by_its_path_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="carillon.request")

    RequestContext(lambda _: HttpResponse(status=404))(RequestFactory().get("/" + "x" * 500))

    (record,) = caplog.records
    assert record.path == "/" + "x" * 199  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/a.css"])
def test_what_is_asked_all_the_time_leaves_no_line(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="carillon.request")

    ask(path)

    assert caplog.records == []


def test_a_request_is_counted_by_method_route_and_status() -> None:
    labels = {"method": "GET", "route": "version", "status": "202"}
    before = REGISTRY.get_sample_value("carillon_http_request_duration_seconds_count", labels) or 0

    ask()

    assert REGISTRY.get_sample_value("carillon_http_request_duration_seconds_count", labels) == before + 1


def test_an_invented_method_makes_no_label_of_its_own() -> None:
    RequestContext(answer)(RequestFactory().generic("INVENTED", "/version"))

    labels = {"method": "INVENTED", "route": "version", "status": "202"}
    assert REGISTRY.get_sample_value("carillon_http_request_duration_seconds_count", labels) is None
