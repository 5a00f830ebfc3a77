"""Settings that cannot work, or are not fit for production, are told by their ids."""

import dataclasses
import os
from typing import Any

import pytest
from django.core.checks import CheckMessage

from config import checks
from config.environment import UNSAFE_SECRET_KEY
from kernel.registry import Registry
from orchestrator.rules.strategy import Strategy


def ids(found: list[CheckMessage]) -> list[str]:
    return [str(message.id) for message in found]


def test_the_public_key_is_refused(settings: Any) -> None:
    settings.SECRET_KEY = UNSAFE_SECRET_KEY
    assert ids(checks.secret_is_ours_alone()) == ["carillon.E001"]

    settings.SECRET_KEY = "another"
    assert checks.secret_is_ours_alone() == []


@pytest.mark.parametrize(
    ("hosts", "debug", "expected"),
    [(["*"], False, ["carillon.E002"]), (["*"], True, []), (["bells.example.org"], False, [])],
)
def test_any_host_is_for_development_only(settings: Any, hosts: list[str], debug: bool, expected: list[str]) -> None:
    settings.ALLOWED_HOSTS, settings.DEBUG = hosts, debug

    assert ids(checks.hosts_are_named()) == expected


def test_two_lanes_in_one_queue_are_refused(settings: Any) -> None:
    assert checks.queues_are_apart() == []

    settings.LANES = {**settings.LANES, "dead": settings.LANES["retry"]}
    assert ids(checks.queues_are_apart()) == ["carillon.E003"]


def test_a_default_strategy_that_is_not_there_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Known(Strategy):
        key = "known"

    registry: Registry[Strategy] = Registry("strategy")
    monkeypatch.setattr(checks, "strategies", registry)
    settings.ORCHESTRATOR = dataclasses.replace(settings.ORCHESTRATOR, default_strategy="unknown")
    assert checks.default_strategy_exists() == []  # nothing is registered yet: nothing to judge by

    registry.register(Known.__new__(Known))
    (found,) = checks.default_strategy_exists()

    assert found.id == "carillon.E004"
    assert found.msg == "ORCHESTRATOR_DEFAULT_STRATEGY is 'unknown'; one of known would do"
    settings.ORCHESTRATOR = dataclasses.replace(settings.ORCHESTRATOR, default_strategy="known")
    assert checks.default_strategy_exists() == []


def test_the_default_strategy_of_the_settings_is_there() -> None:
    assert checks.default_strategy_exists() == []


def test_a_misspelt_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"ORCHESTRATOR_SMS_TIMEOUTS": "1", "ORCHESTRATOR_SMS_TIMEOUT": "1000"})

    (found,) = checks.no_name_is_misspelt()

    assert (found.id, found.msg) == (
        "carillon.W001",
        "ORCHESTRATOR_SMS_TIMEOUTS is set but nothing reads it; did you mean ORCHESTRATOR_SMS_TIMEOUT?",
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://bells.example.org", ["carillon.W002"]),
        ("https://bells.example.org", []),
        ("http://127.0.0.1:8000", []),
        ("http://localhost:8000", []),
    ],
)
def test_the_world_comes_by_https(settings: Any, url: str, expected: list[str]) -> None:
    settings.PUBLIC_URL = url

    assert ids(checks.the_world_comes_by_https()) == expected
