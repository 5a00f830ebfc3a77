"""What the processes are told, and that the user's own words win."""

from pathlib import Path

import pytest

from deploy.local.embedded import connections_to, servers_of
from deploy.local.environment import addresses
from deploy.local.paths import State

PORTS = {"web": 8000, "realtime": 8001, "sandbox": 8002, "smtp": 8003, "postgres": 8004, "valkey": 8005}


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(folder=tmp_path, venv=tmp_path / "venv")


def test_addresses_follow_from_the_ports(state: State) -> None:
    found = addresses(state, ports=PORTS, environ={})

    secret = found.pop("SECRET_KEY")
    assert len(secret) >= 50
    assert addresses(state, ports=PORTS, environ={})["SECRET_KEY"] == secret
    assert found == {
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "REALTIME_URL": "http://127.0.0.1:8001",
        "SANDBOX_URL": "http://127.0.0.1:8002",
        "SANDBOX_SMTP_URL": "smtp://127.0.0.1:8003",
        "SANDBOX_LIVE": "true",
        "PROVIDER_CREDENTIALS_SMTP": "smtp://127.0.0.1:8003",
        "EGRESS_ALLOW": "127.0.0.1:8002",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PROMETHEUS_MULTIPROC_DIR": str(state.metrics),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
    }


@pytest.mark.parametrize("name", ["SECRET_KEY", "PUBLIC_URL", "ALLOWED_HOSTS", "PROVIDER_CREDENTIALS_SMTP"])
@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_what_the_user_has_set_is_left_alone(state: State, name: str, suffix: str, tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.write_text("mine")

    assert name not in addresses(state, ports=PORTS, environ={f"{name}{suffix}": str(mounted)})


def test_exceptions_of_the_user_stand_beside_the_sandbox(state: State) -> None:
    found = addresses(state, ports=PORTS, environ={"EGRESS_ALLOW": "10.0.0.1:80"})

    assert found["EGRESS_ALLOW"] == "10.0.0.1:80,127.0.0.1:8002"


@pytest.mark.parametrize(
    ("environ", "started"),
    [
        ({}, ["postgres", "valkey"]),
        ({"DATABASE_URL": "postgresql://db/x"}, ["valkey"]),
        ({"DB_URL": "postgresql://db/x"}, ["valkey"]),
        ({"REDIS_URL": "redis://r/0"}, ["postgres"]),
        ({"CACHE_URL": "redis://r/0"}, ["postgres"]),
        ({"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://r/0"}, []),
    ],
    ids=["nothing set", "DATABASE_URL", "DB_URL", "REDIS_URL", "CACHE_URL", "both"],
)
def test_only_servers_the_user_has_not_named_are_started(
    state: State, environ: dict[str, str], started: list[str]
) -> None:
    assert [server.name for server in servers_of(state, ports=PORTS, environ=environ)] == started


def test_servers_of_the_user_are_passed_on(state: State, tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.write_text("postgresql://db/x\n")

    found = connections_to((), environ={"DATABASE_URL_FILE": str(mounted), "CACHE_URL": "redis://r/0"})

    assert found == {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://r/0", "BROKER_URL": "redis://r/0"}


def test_a_broker_of_the_user_is_left_alone() -> None:
    environ = {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://r/0", "BROKER_URL": "amqp://b"}

    assert "BROKER_URL" not in connections_to((), environ=environ)
