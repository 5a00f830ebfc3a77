"""OpenTelemetry spans, sent by HTTP. Imported only when there is an endpoint; started in each process after any fork.

The exporter reads its own `OTEL_*` names from the environment. Spans of requests, tasks and SQL come from the contrib
instrumentations; the SQL is parametrised, so it holds no address.
"""

from collections.abc import Sequence

from django.conf import settings
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes, AttributeValue

from config.settings.values import CURRENT_PROCESS
from config.version import VERSION
from kernel.scrubbing import scrub_text
from kernel.trace import ask_for_running_span


class Scrubbed(SpanExporter):
    """Hands spans on without people: URLs, paths and the texts of exceptions may hold addresses and tokens."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def start() -> None:
    """Trace from now on and send to the endpoint of the settings."""
    trace.set_tracer_provider(provider(OTLPSpanExporter()))
    DjangoInstrumentor().instrument(excluded_urls="healthz,readyz,metrics")
    CeleryInstrumentor().instrument()
    PsycopgInstrumentor().instrument()
    ask_for_running_span(running_traceparent)


def provider(exporter: SpanExporter) -> TracerProvider:
    """The source of our spans, ending in `exporter`."""
    made = TracerProvider(
        resource=Resource.create({"service.name": f"carillon-{CURRENT_PROCESS.name}", "service.version": VERSION}),
        sampler=ParentBased(TraceIdRatioBased(settings.OTEL_TRACES_SAMPLE_RATIO)),
    )
    made.add_span_processor(BatchSpanProcessor(Scrubbed(exporter)))
    return made


def running_traceparent() -> str:
    """The running span as a `traceparent`; empty when there is none."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    events = [Event(event.name, _without_people(event.attributes), event.timestamp) for event in span.events]
    status = Status(span.status.status_code, scrub_text(span.status.description or "") or None)
    return ReadableSpan(
        name=scrub_text(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_without_people(span.attributes),
        events=events,
        links=span.links,
        kind=span.kind,
        status=status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_people(attributes: Attributes) -> dict[str, AttributeValue]:
    return {name: scrub_text(value) if isinstance(value, str) else value for name, value in (attributes or {}).items()}
