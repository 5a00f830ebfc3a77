"""One table of stories, told to the breaker in Valkey and to the one of a process alone: they cannot drift apart."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels_app.breaker import CHANGES, STATE, Breaker
from channels_app.shared_state import SharedState

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ACCOUNT = "smtp"
PROVIDER = ACCOUNT.partition(":")[0]

ALLOW, RECORD, SEE = "allow", "record", "see"
STORIES = {
    "fresh circuits are closed": [(0, SEE, "closed"), (0, ALLOW, 7, 7)],
    "nothing is concluded from few calls": [(0, RECORD, 0, 19), (0, SEE, "closed"), (0, ALLOW, 500, 500)],
    "half of twenty failing opens": [(0, RECORD, 10, 10), (0, SEE, "open"), (0, ALLOW, 5, 0)],
    "fewer than half do not": [(0, RECORD, 11, 9), (0, SEE, "closed")],
    "only the last hundred count": [
        *[(0, RECORD, 100, 0), (0, RECORD, 0, 49), (0, SEE, "closed")],
        *[(0, RECORD, 0, 1), (0, SEE, "open")],
    ],
    "old failures are forgotten": [(0, RECORD, 51, 49), (0, RECORD, 49, 0), (0, RECORD, 0, 20), (0, SEE, "closed")],
    "a mixed big batch is judged by its share": [(0, RECORD, 400, 100), (0, SEE, "closed")],
    "stays open for its time": [(0, RECORD, 0, 20), (29.9, ALLOW, 1, 0), (29.9, SEE, "open")],
    "then lets five probes through": [
        *[(0, RECORD, 0, 20), (30, ALLOW, 3, 3), (30, SEE, "half_open"), (30, ALLOW, 9, 2), (30, ALLOW, 9, 0)],
    ],
    "three good probes close it": [
        *[(0, RECORD, 0, 20), (30, ALLOW, 5, 5), (31, RECORD, 2, 0), (31, SEE, "half_open")],
        *[(31, RECORD, 1, 0), (31, SEE, "closed"), (31, ALLOW, 50, 50)],
    ],
    "closed again, the past is forgotten": [
        *[(0, RECORD, 0, 20), (30, ALLOW, 5, 5), (31, RECORD, 3, 0), (31, RECORD, 0, 19), (31, SEE, "closed")],
    ],
    "one bad probe opens it again": [
        *[(0, RECORD, 0, 20), (30, ALLOW, 5, 5), (31, RECORD, 2, 1), (31, SEE, "open")],
        *[(60, ALLOW, 1, 0), (61, ALLOW, 1, 1)],
    ],
    "probes that are never heard of are given anew": [
        *[(0, RECORD, 0, 20), (30, ALLOW, 5, 5), (59, ALLOW, 5, 0), (60, ALLOW, 5, 5)],
    ],
    "late news of old calls change nothing while open": [(0, RECORD, 0, 20), (1, RECORD, 30, 0), (1, SEE, "open")],
    "a clock an hour ahead closes it for no more than its time": [
        *[(3600, RECORD, 0, 20), (0, ALLOW, 1, 0), (30, ALLOW, 1, 1)],
    ],
}


@pytest.fixture(params=["shared", "alone"])
def breaker(request: pytest.FixtureRequest) -> Breaker:
    return Breaker(request.getfixturevalue(request.param))


def tell(breaker: Breaker, story: list[tuple[Any, ...]]) -> None:
    for seconds, verb, *facts in story:
        at = AT + timedelta(seconds=seconds)
        match verb:
            case "allow":
                assert breaker.allow(ACCOUNT, facts[0], at=at) == facts[1], f"{verb} {facts} at {seconds} s"
            case "record":
                breaker.record(ACCOUNT, facts[0], facts[1], at=at)
            case _:
                assert breaker.state(ACCOUNT, at=at) == facts[0], f"at {seconds} s"


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_breaker_tells_the_same_story_shared_and_alone(breaker: Breaker, story: list[tuple[Any, ...]]) -> None:
    # Clocks that jump back are put right when something is written, so looking in between does not differ either.
    tell(breaker, story)


def test_threshold_and_timeout_are_the_operators(breaker: Breaker, settings: Settings) -> None:
    settings.ORCHESTRATOR = replace(settings.ORCHESTRATOR, breaker_threshold_percent=10, breaker_timeout_seconds=2.0)

    tell(breaker, [(0, RECORD, 18, 2), (0, SEE, "open"), (1.9, ALLOW, 1, 0), (2, ALLOW, 1, 1)])


def test_accounts_do_not_know_each_other(breaker: Breaker) -> None:
    breaker.record("smtp", 0, 20, at=AT)

    assert (breaker.allow("smtp", 1, at=AT), breaker.allow("smtp:test", 1, at=AT)) == (0, 1)


def test_a_refusal_says_how_long_to_wait(breaker: Breaker) -> None:
    breaker.record(ACCOUNT, 0, 20, at=AT)
    breaker.allow(ACCOUNT, 1, at=AT + timedelta(seconds=10))

    assert breaker.wait_seconds(ACCOUNT, at=AT + timedelta(seconds=10)) == 20.0


def test_a_change_is_logged_and_counted_once(breaker: Breaker, caplog: pytest.LogCaptureFixture) -> None:
    before = CHANGES.labels(PROVIDER, "open")._value.get()

    with caplog.at_level(logging.WARNING, logger="channels_app.breaker"):
        tell(breaker, [(0, RECORD, 0, 20), (1, ALLOW, 1, 0), (2, SEE, "open")])

    changes = [(line.account, line.was, line.is_now) for line in caplog.records if line.msg == "breaker.changed"]
    assert changes == [(ACCOUNT, "closed", "open")]
    assert CHANGES.labels(PROVIDER, "open")._value.get() == before + 1
    assert STATE.labels(PROVIDER)._value.get() == 2


def test_one_process_opens_and_another_refuses(valkey: object) -> None:
    here, there = Breaker(SharedState()), Breaker(SharedState())

    here.record(ACCOUNT, 0, 12, at=AT)
    there.record(ACCOUNT, 0, 12, at=AT)

    assert (here.allow(ACCOUNT, 1, at=AT), there.allow(ACCOUNT, 1, at=AT)) == (0, 0)


def test_what_was_open_stays_open_when_redis_goes_out(shared: SharedState, settings: Settings) -> None:
    breaker = Breaker(shared)
    breaker.record(ACCOUNT, 0, 20, at=AT)

    settings.REDIS_URL = "unix:///tmp/gone.sock"

    assert breaker.allow(ACCOUNT, 1, at=AT) == 0
    assert breaker.allow(ACCOUNT, 9, at=AT + timedelta(seconds=30)) == 5
