"""Starts what watches this process from outside: Sentry and OpenTelemetry, each only where it is wanted.

Their modules are imported by name because importing them costs a second, which those who do not want them are spared.
"""

from django.conf import settings
from django.utils.module_loading import import_string
from prometheus_client import start_http_server

from config.metrics import counters_of_this_host


def start_reports() -> None:
    """Report errors; safe before a fork."""
    if settings.SENTRY_DSN:
        import_string("config.sentry.start")()


def start_traces() -> None:
    """Send spans; to be called in the process that makes them, after any fork."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        import_string("config.tracing.start")()


def serve_counters() -> None:
    """Serve this process's counters on METRICS_PORT, if there is one."""
    if settings.METRICS_PORT:
        start_http_server(settings.METRICS_PORT, registry=counters_of_this_host())
