"""Alive, ready, version, routes and their slashes."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from config import health
from kernel.probes import NotReady, Probe, probes
from kernel.registry import Registry

READY = {"database", "migrations", "redis", "broker"}


@pytest.fixture
def redis_is_up(settings: Any, servers: dict[str, str]) -> None:
    settings.REDIS_URL = settings.BROKER_URL = servers["redis_url"]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def own_probes(monkeypatch: pytest.MonkeyPatch) -> Registry[Probe]:
    registry: Registry[Probe] = Registry("probe")
    monkeypatch.setattr(health, "probes", registry)
    return registry


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_alive_asks_nobody(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response["Cache-Control"] == "no-store"


def test_the_version_is_that_of_the_project(client: Client) -> None:
    body = client.get("/version").json()

    assert body["name"] == "carillon"
    assert body["version"].count(".") == 2
    assert body["django"].startswith("5.2")
    assert set(body) == {"name", "version", "git_sha", "python", "django"}


@pytest.mark.django_db
def test_ready_when_everything_answers(client: Client, redis_is_up: None, own_probes: Registry[Probe]) -> None:
    response = client.get("/readyz")

    body = response.json()
    assert (response.status_code, body["status"]) == (200, "ready")
    assert {name: check["status"] for name, check in body["checks"].items()} == dict.fromkeys(READY, "ok")


@pytest.mark.django_db
def test_not_ready_without_redis_and_the_answer_comes_soon(
    client: Client, settings: Any, silent_port: int, own_probes: Registry[Probe]
) -> None:
    settings.REDIS_URL = settings.BROKER_URL = f"redis://user:hunter2@127.0.0.1:{silent_port}/0"

    response = client.get("/readyz")

    checks = response.json()["checks"]
    assert response.status_code == 503
    assert (checks["database"]["status"], checks["redis"]["status"]) == ("ok", "out")
    assert checks["redis"]["ms"] < 3000
    assert b"hunter2" not in response.content
    assert str(silent_port).encode() not in response.content


@pytest.mark.django_db
def test_a_broker_of_its_own_is_asked_on_its_own(
    client: Client, settings: Any, redis_is_up: None, silent_port: int, own_probes: Registry[Probe]
) -> None:
    settings.BROKER_URL = f"redis://127.0.0.1:{silent_port}/0"

    checks = client.get("/readyz").json()["checks"]

    assert (checks["redis"]["status"], checks["broker"]["status"]) == ("ok", "out")


def test_not_ready_without_postgresql(
    client: Client, monkeypatch: pytest.MonkeyPatch, redis_is_up: None, own_probes: Registry[Probe]
) -> None:
    asked: list[str] = []
    own_probes.register(Probe(key="heartbeat", look=lambda: asked.append("asked") or "fine"))
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    response = client.get("/readyz")

    checks = response.json()["checks"]
    assert response.status_code == 503
    assert checks["database"] | {"ms": 0} == {"status": "out", "detail": "OperationalError", "ms": 0}
    assert checks["redis"]["status"] == "ok"
    assert asked == []


def test_a_database_that_hangs_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch, redis_is_up: None, silent_port: int, own_probes: Registry[Probe]
) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", str(silent_port))

    checks = client.get("/readyz").json()["checks"]

    assert checks["database"]["status"] == "out"
    assert checks["database"]["ms"] < 4000


@pytest.mark.django_db
def test_a_query_that_hangs_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DATABASE_SECONDS", 0.2)
    began = threading.Event()

    def hang() -> str:
        with health._connected() as session:
            began.set()
            session.execute("SELECT pg_sleep(30)")
        return "never"

    found = health._look("database", hang)

    assert began.is_set()
    assert (found.well, found.detail) == (False, "OperationalError")
    assert 200 <= found.ms < 5000


@pytest.mark.django_db
def test_a_migration_that_is_missing_is_named(
    client: Client, redis_is_up: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = health._migrations_on_disk()
    monkeypatch.setattr(health, "_migrations_on_disk", lambda: known | {("events", "9999_future")})

    response = client.get("/readyz")

    check = response.json()["checks"]["migrations"]
    assert response.status_code == 503
    assert (check["status"], check["detail"]) == (
        "out",
        "1 not applied, the first is events.9999_future; run manage.py migrate",
    )


@pytest.mark.django_db
def test_what_upper_floors_register_is_asked(client: Client, redis_is_up: None, own_probes: Registry[Probe]) -> None:
    def late() -> str:
        raise NotReady("no heartbeat for 40 s, mail ana@example.org")

    own_probes.register(Probe(key="timekeeper", look=late))
    own_probes.register(Probe(key="other", look=lambda: "fine"))

    response = client.get("/readyz")

    checks = response.json()["checks"]
    assert response.status_code == 503
    assert checks["timekeeper"]["detail"] == "no heartbeat for 40 s, mail a•••@example.org"
    assert checks["other"]["status"] == "ok"


def test_the_registry_of_probes_is_the_one_that_is_asked() -> None:
    assert health.probes is probes


@pytest.mark.parametrize("path", ["/api/v1/schema", "/api/v1/schema/"])
def test_the_api_describes_itself_in_openapi_31(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json()["openapi"].startswith("3.1")


def test_the_reference_comes_as_yaml_too(client: Client) -> None:
    response = client.get("/api/v1/schema?format=yaml")

    assert response.status_code == 200
    assert response.content.startswith(b"openapi: 3.1")


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/docs/"])
def test_the_documentation_needs_no_other_host(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 200
    assert b"https://" not in response.content
    assert b"/static/drf_spectacular_sidecar/" in response.content


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/api/v1/nothing/"])
def test_an_unknown_address_is_a_problem(client: Client, path: str) -> None:
    response = client.get(path, headers={"X-Request-ID": "r9"})

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["request_id"]) == ("not_found", "r9")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin", "/admin/"])
def test_the_admin_asks_who_is_there(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={path}")


def test_only_looking_is_allowed(client: Client) -> None:
    assert {client.post(path).status_code for path in ("/healthz", "/readyz", "/version", "/metrics")} == {405}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/metrics"])
def test_operators_addresses_take_nothing(path: str) -> None:
    response = Client(enforce_csrf_checks=True).post(path, {})

    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/nowhere", "/api/v1/nowhere/", "/nowhere"])
def test_an_address_that_is_not_there_asks_nobody_for_cookies(path: str) -> None:
    response = Client(enforce_csrf_checks=True).post(path, {})

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
