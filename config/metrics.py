"""What `/metrics` says: the counters of all our processes, and gauges that are looked up now.

Works without Redis; without PostgreSQL the counters are still told and every gauge says that it could not be read.
"""

import logging
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from psycopg.errors import QueryCanceled

from config.shared_counters import fold_dead, reading
from config.version import VERSION
from kernel.clock import monotonic
from kernel.gauges import GaugeSource, gauge_sources
from tenants.scope import platform_scope

log = logging.getLogger(__name__)

CONTENT_TYPE = CONTENT_TYPE_LATEST
KEEP_SECONDS = 3.0  # several scrapers at once cost one look
STATEMENT_MILLISECONDS = 1000


def exposition() -> bytes:
    """Everything, in the text format of Prometheus."""
    return _counters() + generate_latest(_gauges)


def counters_of_this_host() -> CollectorRegistry:
    """The registry of the counters: of all processes that share a folder, or of this one."""
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=settings.PROMETHEUS_MULTIPROC_DIR)
    return registry


def _counters() -> bytes:
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return generate_latest(REGISTRY)
    folder = Path(settings.PROMETHEUS_MULTIPROC_DIR)
    fold_dead(folder)
    with reading(folder):
        return generate_latest(counters_of_this_host())


class Gauges(Collector):
    """Asks every registered source, each in its own transaction that sees all tenants and is cut after a second."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: list[Metric] = []
        self._kept_until = 0.0

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if monotonic() >= self._kept_until:
                self._kept = list(_read_all())
                self._kept_until = monotonic() + KEEP_SECONDS
            return self._kept

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked up when the collector is registered."""
        return ()

    def forget(self) -> None:
        """Look again at the next scrape."""
        self._kept_until = 0.0


def _read_all() -> Iterator[Metric]:
    build = GaugeMetricFamily("carillon_build_info", "What runs here; always 1.", labels=("version", "sha", "python"))
    build.add_metric((VERSION, settings.GIT_SHA, platform.python_version()), 1)
    yield build
    up = GaugeMetricFamily("carillon_gauge_up", "Whether a gauge could be read just now.", labels=("gauge",))
    database_is_out = False
    for source in gauge_sources:
        metric: Metric | None = None
        try:
            metric = None if database_is_out else _read(source)
        except (OperationalError, InterfaceError) as trouble:
            database_is_out = not isinstance(trouble.__cause__, QueryCanceled)
            log.warning("metrics.gauge_not_read", extra={"gauge": source.name, "trouble": str(trouble)})
        except Exception:
            log.exception("metrics.gauge_failed", extra={"gauge": source.name})
        if metric is not None:
            yield metric
        up.add_metric((source.name,), float(metric is not None))
    yield up


def _read(source: GaugeSource) -> Metric:
    metric = GaugeMetricFamily(source.name, source.meaning, labels=source.labels)
    with platform_scope():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")
        for labels, figure in source.read():
            metric.add_metric(labels, figure)
    return metric


gauges = Gauges()
_gauges = CollectorRegistry()
_gauges.register(gauges)
