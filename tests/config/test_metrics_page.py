"""The metrics: counters of all processes, gauges of now, and an answer whatever is out."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from config import metrics
from config.shared_counters import fold_dead
from kernel.gauges import GaugeSource, Read, gauge_sources
from kernel.registry import Registry

COUNT = """
import sys
from kernel.metrics import BELLS, HTTP_SECONDS
BELLS.labels("rung").inc(int(sys.argv[1]))
HTTP_SECONDS.labels("GET", "x", "200").observe(0.2)
sys.stdin.read()
"""


@pytest.fixture
def own_gauges(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Read], None]:
    """Register gauges of this test alone."""
    registry: Registry[GaugeSource] = Registry("gauge")
    monkeypatch.setattr(metrics, "gauge_sources", registry)
    metrics.gauges.forget()

    def add(name: str, read: Read) -> None:
        registry.register(GaugeSource(name=name, meaning="A test.", labels=("lane",), read=read))

    return add


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    metrics.gauges.forget()


def samples(body: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def count_in_a_process(folder: Path, amount: int) -> subprocess.Popen[bytes]:
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    return subprocess.Popen([sys.executable, "-c", COUNT, str(amount)], stdin=subprocess.PIPE, env=env)


@pytest.mark.django_db
def test_gauges_are_read_as_one_who_sees_all_tenants(client: Client, own_gauges: Callable[[str, Read], None]) -> None:
    roles: list[str] = []

    def read() -> list[tuple[tuple[str, ...], float]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('statement_timeout')")
            roles.extend(cursor.fetchone())
        return [(("send.high",), 7.0)]

    own_gauges("carillon_queue_depth", read)

    found = samples(client.get("/metrics").content)

    assert found["carillon_queue_depth", ("send.high",)] == 7
    assert found["carillon_gauge_up", ("carillon_queue_depth",)] == 1
    assert roles == ["carillon_dispatcher", "1s"]
    assert [name for name, _labels in found if name == "carillon_build_info"] == ["carillon_build_info"]


@pytest.mark.django_db
def test_several_scrapers_cost_one_look(client: Client, own_gauges: Callable[[str, Read], None]) -> None:
    looks: list[int] = []
    own_gauges("carillon_looks", lambda: looks.append(1) or [])

    for _ in range(3):
        client.get("/metrics")

    assert looks == [1]


@pytest.mark.django_db
def test_a_gauge_that_breaks_or_is_slow_does_not_spoil_the_others(
    client: Client, own_gauges: Callable[[str, Read], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "STATEMENT_MILLISECONDS", 50)

    def broken() -> list[tuple[tuple[str, ...], float]]:
        raise ValueError("broken")

    def slow() -> list[tuple[tuple[str, ...], float]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return []

    own_gauges("carillon_broken", broken)
    own_gauges("carillon_slow", slow)
    own_gauges("carillon_fine", lambda: [(("x",), 1.0)])

    found = samples(client.get("/metrics").content)

    ups = {labels[0]: value for (name, labels), value in found.items() if name == "carillon_gauge_up"}
    assert ups == {"carillon_broken": 0, "carillon_slow": 0, "carillon_fine": 1}
    assert found["carillon_fine", ("x",)] == 1


def test_without_postgresql_the_counters_are_told_and_it_is_asked_once(
    client: Client, own_gauges: Callable[[str, Read], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def no_database() -> Any:
        asked.append(1)
        raise OperationalError("connection refused")

    monkeypatch.setattr(metrics, "platform_scope", no_database)
    own_gauges("carillon_one", list)
    own_gauges("carillon_two", list)

    response = client.get("/metrics")

    found = samples(response.content)
    assert response.status_code == 200
    assert found["carillon_gauge_up", ("carillon_one",)] == found["carillon_gauge_up", ("carillon_two",)] == 0
    assert asked == [1]
    assert b"# TYPE carillon_bells_total counter" in response.content


def test_a_token_keeps_strangers_out(client: Client, settings: Any, own_gauges: Callable[[str, Read], None]) -> None:
    settings.METRICS_TOKEN = "0123456789abcdef"

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer 0123456789abcdef"}).status_code == 200


def test_the_counters_of_all_processes_are_told_by_one(
    client: Client, settings: Any, tmp_path: Path, own_gauges: Callable[[str, Read], None]
) -> None:
    settings.PROMETHEUS_MULTIPROC_DIR = str(tmp_path)
    for amount in (3, 4):
        count_in_a_process(tmp_path, amount).communicate(b"")

    found = samples(client.get("/metrics").content)

    assert found["carillon_bells_total", ("rung",)] == 7
    assert found["carillon_http_request_duration_seconds_count", ("GET", "x", "200")] == 2


def test_the_dead_leave_their_counts_and_no_files(tmp_path: Path) -> None:
    living = count_in_a_process(tmp_path, 5)
    try:
        while not list(tmp_path.glob(f"histogram_{living.pid}.db")):
            assert living.poll() is None
        for amount in (1, 2):
            count_in_a_process(tmp_path, amount).communicate(b"")
        (tmp_path / "gauge_livesum_1999999999.db").write_bytes(b"")

        folded = fold_dead(tmp_path)

        names = sorted(path.name for path in tmp_path.glob("*.db"))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(tmp_path))
        bells = registry.get_sample_value("carillon_bells_total", {"outcome": "rung"})
        assert folded == 5
        assert names == sorted(f"{kind}_{pid}.db" for kind in ("counter", "histogram") for pid in ("0", living.pid))
        assert bells == 8
        assert fold_dead(tmp_path) == 0
    finally:
        living.communicate(b"")


def test_the_registry_of_gauges_is_the_one_that_is_asked() -> None:
    assert metrics.gauge_sources is gauge_sources
