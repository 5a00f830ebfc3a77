"""`/analytics/summary`: grouped, summed, in whose days one likes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.analytics.conftest import Api, kept

HOUR = timedelta(hours=1)
SPAN = "from=2026-11-19T00:00:00Z&to=2026-11-21T00:00:00Z"


@pytest.fixture
def api(tenant_id: UUID, other_tenant_id: UUID, at: datetime, api_of: Callable[..., Api]) -> Api:
    """The API of a tenant with counts: two channels, two types, hours on two days."""

    late = datetime(2026, 11, 19, 23, tzinfo=UTC)
    kept(tenant_id, late, "email", "order", "sent", 4, attempts=4, timed=2, latency_ms=3000)
    kept(
        tenant_id, at, "email", "order", "sent", 6, attempts=6, timed=6, latency_ms=5000, currency="EUR", cost_micros=90
    )
    kept(tenant_id, at, "email", "sale", "failed", 1, attempts=1)
    kept(tenant_id, at, "sms", "sale", "retried", 2, attempts=2)
    kept(tenant_id, at, "sms", "sale", "skipped", 5)
    kept(tenant_id, at, "email", "order", "sent", 500, mode="test")
    kept(other_tenant_id, at, "email", "order", "sent", 1000)
    return api_of(tenant_id, "read")


def groups(answer: Any) -> dict[str, dict[str, int]]:
    return {row["group"]: row["outcomes"] for row in answer["results"]}


def test_a_summary_says_what_it_covers_and_the_totals(api: Api) -> None:
    answer = api(f"/analytics/summary?{SPAN}")

    assert (answer["from"], answer["to"]) == ("2026-11-19T00:00:00Z", "2026-11-21T00:00:00Z")
    assert (answer["group_by"], answer["tz"]) == ("channel", "UTC")
    assert answer["totals"] == {
        "group": "",
        "outcomes": {"sent": 10, "retried": 2, "failed": 1, "skipped": 5},
        "attempts": 13,
        "latency_seconds": {"sent": 1.0},
        "costs": [{"currency": "EUR", "messages": 6, "micros": 90, "micros_per_message": 15.0}],
    }
    assert answer["results"][0] == {
        "group": "email",
        "outcomes": {"sent": 10, "failed": 1},
        "attempts": 11,
        "latency_seconds": {"sent": 1.0},
        "costs": [{"currency": "EUR", "messages": 6, "micros": 90, "micros_per_message": 15.0}],
    }


GROUPS = [
    pytest.param("channel", {"email": {"sent": 10, "failed": 1}, "sms": {"retried": 2, "skipped": 5}}, id="channel"),
    pytest.param(
        "type", {"order": {"sent": 10}, "sale": {"failed": 1, "retried": 2, "skipped": 5}}, id="type"
    ),
    pytest.param("strategy", {"immediate": {"sent": 10, "failed": 1, "retried": 2, "skipped": 5}}, id="strategy"),
    pytest.param(
        "outcome",
        {"failed": {"failed": 1}, "retried": {"retried": 2}, "sent": {"sent": 10}, "skipped": {"skipped": 5}},
        id="outcome",
    ),
    pytest.param(
        "hour",
        {
            "2026-11-19T23:00:00Z": {"sent": 4},
            "2026-11-20T12:00:00Z": {"sent": 6, "retried": 2, "failed": 1, "skipped": 5},
        },
        id="hour",
    ),
    pytest.param(
        "day",
        {"2026-11-19": {"sent": 4}, "2026-11-20": {"sent": 6, "retried": 2, "failed": 1, "skipped": 5}},
        id="day",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("by", "expected"), GROUPS)
def test_it_is_grouped_by(api: Api, by: str, expected: dict[str, dict[str, int]]) -> None:
    answer = api(f"/analytics/summary?{SPAN}&group_by={by}")

    assert groups(answer) == expected
    assert [row["group"] for row in answer["results"]] == sorted(expected)


ZONES = [
    pytest.param("UTC", {"2026-11-19": 4, "2026-11-20": 6}, id="where midnight has not come"),
    pytest.param("Europe/Paris", {"2026-11-20": 10}, id="where midnight has come"),
    pytest.param("Pacific/Honolulu", {"2026-11-19": 4, "2026-11-20": 6}, id="on the other side"),
]


@pytest.mark.parametrize(("zone", "expected"), ZONES)
def test_days_are_those_of_the_zone(api: Api, zone: str, expected: dict[str, int]) -> None:
    answer = api(f"/analytics/summary?{SPAN}&group_by=day&tz={zone}&outcome=sent")

    assert {name: found["sent"] for name, found in groups(answer).items()} == expected
    assert answer["tz"] == zone


NARROWED = [
    pytest.param("channel=sms", {"retried": 2, "skipped": 5}, id="channel"),
    pytest.param("type=order", {"sent": 10}, id="type"),
    pytest.param("outcome=failed", {"failed": 1}, id="outcome"),
    pytest.param("strategy=smart", {}, id="strategy"),
    pytest.param("channel=email&type=sale", {"failed": 1}, id="all must agree"),
]


@pytest.mark.parametrize(("query", "expected"), NARROWED)
def test_it_can_be_narrowed(api: Api, query: str, expected: dict[str, int]) -> None:
    assert api(f"/analytics/summary?{SPAN}&{query}")["totals"]["outcomes"] == expected


def test_hours_count_whole_from_included_to_excluded(api: Api) -> None:
    answer = api("/analytics/summary?from=2026-11-20T11:59:59Z&to=2026-11-20T12:00:00Z&outcome=sent")
    touched = api("/analytics/summary?from=2026-11-20T12:59:59Z&to=2026-11-20T12:59:59.5Z&outcome=sent")

    assert answer["totals"]["outcomes"] == {}
    assert touched["totals"]["outcomes"] == {"sent": 6}
    assert (touched["from"], touched["to"]) == ("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")


def test_a_moment_of_another_zone_is_the_same_moment(api: Api) -> None:
    answer = api("/analytics/summary?from=2026-11-20T13:00:00%2B01:00&to=2026-11-20T14:00:00%2B01:00&outcome=sent")

    assert (answer["from"], answer["totals"]["outcomes"]) == ("2026-11-20T12:00:00Z", {"sent": 6})


def test_without_a_span_it_is_the_last_week(api: Api) -> None:
    answer = api("/analytics/summary")

    since, until = datetime.fromisoformat(answer["from"]), datetime.fromisoformat(answer["to"])
    assert until - since == timedelta(days=7)
    assert timedelta() <= until - datetime.now(UTC) <= HOUR


def test_a_test_key_sees_what_was_sent_in_test_mode(tenant_id: UUID, api: Api, api_of: Callable[..., Api]) -> None:
    assert api_of(tenant_id, "read", mode="test")(f"/analytics/summary?{SPAN}")["totals"]["outcomes"] == {"sent": 500}


def test_hours_of_a_zone_that_is_half_an_hour_off_are_its_own(tenant_id: UUID, at: datetime, api: Api) -> None:
    kept(tenant_id, at + timedelta(minutes=30), "chat", "order", "sent", 7)

    before = api("/analytics/summary?from=2026-11-20T17:30:00%2B05:30&to=2026-11-20T17:40:00%2B05:30&tz=Asia/Kolkata")
    after = api(f"/analytics/summary?{SPAN}&channel=chat&group_by=hour&tz=Asia/Kolkata")

    assert (before["from"], before["to"]) == ("2026-11-20T11:30:00Z", "2026-11-20T12:30:00Z")
    assert before["totals"]["outcomes"] == {"sent": 6, "retried": 2, "failed": 1, "skipped": 5}
    assert groups(after) == {"2026-11-20T12:30:00Z": {"sent": 7}}


REFUSED = [
    pytest.param("group_by=colour", "/group_by", "invalid_format", id="unknown grouping"),
    pytest.param("tz=Mars/Olympus", "/tz", "unknown_timezone", id="unknown zone"),
    pytest.param("from=yesterday", "/from", "invalid_format", id="no moment"),
    pytest.param("from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z", "/from", "too_large", id="from after to"),
    pytest.param("from=2020-01-01T00:00:00Z&to=2026-11-20T00:00:00Z", "/from", "too_small", id="too long"),
    pytest.param(
        "group_by=hour&from=2026-01-01T00:00:00Z&to=2026-11-20T00:00:00Z", "/from", "too_small", id="too many hours"
    ),
    pytest.param("to=9999-12-31T23:30:00Z", "/to", "out_of_range", id="the end of time"),
    pytest.param("chanel=sms", "/chanel", "unknown_field", id="a typo"),
]


@pytest.mark.parametrize(("query", "pointer", "code"), REFUSED)
def test_what_will_not_do_is_refused(api: Api, query: str, pointer: str, code: str) -> None:
    (error,) = api(f"/analytics/summary?{query}", status=422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)


def test_a_key_that_only_sends_may_not_look(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    assert api_of(tenant_id, "send")("/analytics/summary", status=403)["code"] == "forbidden"
