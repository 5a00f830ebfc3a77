"""What the environment becomes in the settings of each kind of process."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

Settings = Callable[..., Mapping[str, Any]]


@pytest.mark.parametrize(
    ("process", "role"),
    [("web", "carillon_app"), ("worker", "carillon_dispatcher"), ("migrate", ""), ("test", "")],
)
def test_connections_start_as_the_role_of_their_process(settings_in: Settings, process: str, role: str) -> None:
    options = settings_in(process)["DATABASES"]["default"]["OPTIONS"]

    assert (f"-c role={role}" in options["options"]) is bool(role)
    assert ("-c role=" in options["options"]) is bool(role)
    assert ("statement_timeout" in options["options"]) is (process == "web")
    assert options["application_name"] == f"carillon-{process}"


def test_a_role_that_is_named_wins(settings_in: Settings) -> None:
    database = settings_in("web", CARILLON_DATABASE_ROLE="somebody")["DATABASES"]["default"]

    assert "-c role=somebody" in database["OPTIONS"]["options"]


def test_connections_are_kept_and_checked_and_never_pooled(settings_in: Settings) -> None:
    database = settings_in("worker")["DATABASES"]["default"]

    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (None, True)
    assert "pool" not in database["OPTIONS"]
    assert database["OPTIONS"]["connect_timeout"] == 3
    assert database["OPTIONS"]["tcp_user_timeout"] == 20_000


def test_every_part_of_the_databases_address_is_heeded(settings_in: Settings) -> None:
    url = "postgresql://u%40x:p%2Fw@h:6000/n?sslmode=require&options=-c%20search_path%3Dx"

    database = settings_in("web", unset=("DATABASE_URL",), DB_URL=url)["DATABASES"]["default"]

    assert [database[part] for part in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == ["u@x", "p/w", "h", "6000", "n"]
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["OPTIONS"]["options"].startswith("-c search_path=x -c role=carillon_app")


def test_https_outside_means_https_everywhere(settings_in: Settings) -> None:
    found = settings_in("web", PUBLIC_URL="https://bells.example.org/")

    assert found["PUBLIC_URL"] == "https://bells.example.org"
    assert (found["SESSION_COOKIE_SECURE"], found["CSRF_COOKIE_SECURE"], found["SECURE_SSL_REDIRECT"]) == (True,) * 3
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000
    assert "bells.example.org" in found["ALLOWED_HOSTS"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://bells.example.org"]


def test_http_on_this_machine_works_without(settings_in: Settings) -> None:
    found = settings_in("web", PUBLIC_URL="http://127.0.0.1:8000")

    assert (found["SESSION_COOKIE_SECURE"], found["SECURE_SSL_REDIRECT"], found["SECURE_HSTS_SECONDS"]) == (
        False,
        False,
        0,
    )


def test_the_broker_is_redis_unless_told(settings_in: Settings) -> None:
    assert settings_in("web")["CELERY_BROKER_URL"] == "redis://cache.internal:6379/0"

    rabbit = settings_in("web", BROKER_URL="amqp://mq")
    assert rabbit["CELERY_BROKER_URL"] == "amqp://mq"
    assert rabbit["CELERY_BROKER_TRANSPORT_OPTIONS"]["confirm_publish"] is True
    assert "socket_timeout" not in rabbit["CELERY_BROKER_TRANSPORT_OPTIONS"]


def test_limits_and_credentials_are_read_by_their_rest(settings_in: Settings) -> None:
    found = settings_in(
        "worker",
        RATE_LIMIT_CHANNEL_SMS="1000/hour",
        PROVIDER_CREDENTIALS_SMTP="smtp://u:p@h:25",
        CHANNEL_ENABLE_LIST="email, in_app",
    )

    assert found["RATE_LIMIT_CHANNEL"] == {"sms": "Rate(count=1000, seconds=3600)"}
    assert found["PROVIDER_CREDENTIALS"] == {"smtp": {"url": "smtp://u:p@h:25"}}
    assert found["CHANNEL_ENABLE_LIST"] == ["email", "in_app"]


def test_queue_names_follow_from_the_three_names(settings_in: Settings) -> None:
    found = settings_in("worker", ORCHESTRATOR_QUEUE_NAME="q", ORCHESTRATOR_PRIORITY_QUEUE_NAME="p")

    assert found["LANES"]["send.critical"] == "p.send.critical"
    assert found["LANES"]["send.low"] == "q.send.low"
    assert found["LANES"]["dead"] == "failed_orchestrations"
    assert found["CELERY_BEAT_SCHEDULE"]["ring events"]["options"]["queue"] == "q.events"


def test_logs_are_json_where_nobody_sits_and_leave_stdout_to_commands(settings_in: Settings) -> None:
    web, command = settings_in("web")["LOGGING"], settings_in("manage")["LOGGING"]

    assert web["formatters"]["carillon"]["console"] is False
    assert web["handlers"]["out"]["stream"] == "ext://sys.stdout"
    assert command["handlers"]["out"]["stream"] == "ext://sys.stderr"
    assert settings_in("web", LOG_FORMAT="console")["LOGGING"]["formatters"]["carillon"]["console"] is True
