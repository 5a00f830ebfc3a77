"""What Sentry and OpenTelemetry are told: our errors and our spans, and nobody's address."""

from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from config import sentry, tracing
from config.observers import start_reports, start_traces
from kernel.scrubbing import HIDDEN


def test_a_report_names_nobody() -> None:
    event: Any = {
        "user": {"email": "ana@example.org"},
        "request": {
            "url": "https://h/recipients/ana@example.org",
            "query_string": "token=abc",
            "cookies": {"sessionid": "abc"},
            "data": "body",
            "headers": {"Authorization": "Bearer crl_live_abc_def", "Accept": "*/*"},
        },
        "exception": {"values": [{"type": "ValueError", "value": "no mailbox bob@example.org"}]},
        "extra": {"password": "hunter2"},
    }

    clean: Any = sentry.scrubbed(event, {})

    assert clean == {
        "request": {
            "url": "https://h/recipients/a•••@example.org",
            "headers": {"Authorization": HIDDEN, "Accept": "*/*"},
        },
        "exception": {"values": [{"type": "ValueError", "value": "no mailbox b•••@example.org"}]},
        "extra": {"password": HIDDEN},
    }


def test_a_step_before_the_error_names_nobody() -> None:
    crumb = {"category": "log", "message": "mail to ana@example.org", "data": {"api_key": "abc"}}

    assert sentry.scrubbed_breadcrumb(crumb, {}) == {
        "category": "log",
        "message": "mail to a•••@example.org",
        "data": {"api_key": HIDDEN},
    }


def test_a_span_shows_no_address_and_says_who_made_it() -> None:
    exporter = InMemorySpanExporter()
    provider = tracing.provider(exporter)
    tracer = provider.get_tracer("tests")

    with (
        suppress(ValueError),
        tracer.start_as_current_span("GET", attributes={"url.path": "/recipients/ana@example.org", "n": 1}) as running,
    ):
        told = tracing.running_traceparent()
        running.set_attribute("http.target", "/late?to=bob@example.org")
        raise ValueError("no mailbox eve@example.org")
    provider.force_flush()

    (span,) = exporter.get_finished_spans()
    (event,) = span.events
    assert dict(span.attributes or {}) == {
        "url.path": "/recipients/a•••@example.org",
        "http.target": "/late?to=b•••@example.org",
        "n": 1,
    }
    assert (event.name, (event.attributes or {})["exception.message"]) == ("exception", "no mailbox e•••@example.org")
    assert not any(name in span.to_json() for name in ("ana@", "bob@", "eve@"))
    assert span.resource.attributes["service.name"] == "carillon-test"
    assert told.split("-")[1:3] == [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"]
    assert tracing.running_traceparent() == ""


@pytest.fixture(autouse=True)
def keep_every_span(settings: Any) -> None:
    settings.OTEL_TRACES_SAMPLE_RATIO = 1.0


def test_nothing_is_started_unless_it_is_wanted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(sentry, "start", lambda: started.append("reports"))
    monkeypatch.setattr(tracing, "start", lambda: started.append("traces"))

    start_reports()
    start_traces()
    assert started == []

    settings.SENTRY_DSN, settings.OTEL_EXPORTER_OTLP_ENDPOINT = "https://k@h/1", "http://h"
    start_reports()
    start_traces()
    assert started == ["reports", "traces"]
