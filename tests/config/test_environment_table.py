"""The table of names is whole, documented and what a start is judged by."""

import pytest

from config.environment import TABLE
from config.processes import PROCESSES
from kernel.env import Family, Variable, load

PROMISED = (
    "DATABASE_URL",
    "DB_URL",
    "REDIS_URL",
    "CACHE_URL",
    "BROKER_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SENTRY_DSN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "CHANNEL_ENABLE_LIST",
    "RATE_LIMIT_GLOBAL",
    "RETRY_MAX_ATTEMPTS",
    "SCHEDULE_TIMEZONE_DEFAULT",
    "EGRESS_ALLOW",
)
DEFAULTS = {
    "MAX_CONCURRENT_REQUESTS": 1000,
    "DEFAULT_STRATEGY": "smart",
    "CIRCUIT_BREAKER_THRESHOLD": 50,
    "CIRCUIT_BREAKER_TIMEOUT": 30.0,
    "EMAIL_TIMEOUT": 30.0,
    "SMS_TIMEOUT": 15.0,
    "PUSH_TIMEOUT": 10.0,
    "DEDUP_WINDOW_MINUTES": 60,
    "DEDUP_CACHE_SIZE": 10_000,
    "ANALYTICS_BATCH_SIZE": 100,
    "ANALYTICS_FLUSH_INTERVAL": 60.0,
    "QUEUE_NAME": "notification_orchestration",
    "PRIORITY_QUEUE_NAME": "priority_notifications",
    "DLQ_NAME": "failed_orchestrations",
}
NAMES = [name for entry in TABLE if isinstance(entry, Variable) for name in entry.names]


def test_every_promised_name_is_in_the_table() -> None:
    families = {entry.prefix for entry in TABLE if isinstance(entry, Family)}

    assert set(PROMISED) - set(NAMES) == set()
    assert families == {"RATE_LIMIT_CHANNEL_", "PROVIDER_CREDENTIALS_"}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_the_orchestrators_names_have_the_promised_defaults(name: str, value: object) -> None:
    (variable,) = (entry for entry in TABLE if isinstance(entry, Variable) and entry.name == f"ORCHESTRATOR_{name}")

    assert load(TABLE, {})[variable] == value


def test_no_name_is_there_twice_and_each_says_what_it_means() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert [entry for entry in TABLE if len(entry.meaning) < 10 or not entry.meaning.endswith(".")] == []


def test_every_default_is_a_value_that_would_be_taken() -> None:
    load(TABLE, {entry.name: entry.default for entry in TABLE if isinstance(entry, Variable)})


def test_what_a_process_needs_is_in_the_table() -> None:
    assert {name for process in PROCESSES.values() for name in process.needs} <= set(NAMES)
