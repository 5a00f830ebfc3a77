"""`/analytics/channels`, `/types`, `/strategies` and `/costs`: how well each does, and what it costs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.analytics.conftest import Api, kept

SPAN = "from=2026-11-19T00:00:00Z&to=2026-11-21T00:00:00Z"
pytestmark = pytest.mark.django_db


@pytest.fixture
def api(tenant_id: UUID, other_tenant_id: UUID, at: datetime, api_of: Callable[..., Api]) -> Api:
    """The API of a tenant that sent orders by mail, one of them late at night, and sales by text message."""
    late = datetime(2026, 11, 19, 23, tzinfo=UTC)
    mail = {"attempts": 60, "timed": 60, "latency_ms": 90_000, "currency": "EUR", "cost_micros": 6000}
    kept(tenant_id, late, "email", "order", "sent", 60, **mail, buckets={18: 30, 24: 30})
    kept(tenant_id, at, "email", "order", "sent", 40, timed=0)
    kept(tenant_id, at, "email", "order", "failed", 20)
    kept(tenant_id, at, "email", "order", "dead", 5)
    for outcome, count in (("delivered", 90), ("bounced", 10), ("opened", 50), ("clicked", 20), ("converted", 5)):
        kept(tenant_id, at, "email", "order", outcome, count)
    kept(tenant_id, at, "sms", "sale", "sent", 10, currency="EUR", cost_micros=80_000, strategy="smart")
    kept(tenant_id, at, "sms", "sale", "sent", 3, currency="USD", cost_micros=30_000, strategy="smart")
    kept(tenant_id, at, "sms", "sale", "skipped", 4, strategy="smart")
    kept(tenant_id, at, "email", "order", "sent", 500, mode="test")
    kept(other_tenant_id, at, "email", "order", "sent", 1000, currency="EUR", cost_micros=1)
    return api_of(tenant_id, "read")


def rate(count: int, of: int, rate: float | None) -> dict[str, Any]:
    return {"count": count, "of": of, "rate": rate}


def cost(currency: str, messages: int, micros: int, each: float) -> dict[str, Any]:
    return {"currency": currency, "messages": messages, "micros": micros, "micros_per_message": each}


def test_a_channel_has_counts_rates_latency_and_costs(api: Api) -> None:
    answer = api(f"/analytics/channels?{SPAN}")

    assert (answer["group_by"], answer["tz"]) == (None, "UTC")
    assert answer["results"][0] == {
        "key": "email",
        "group": None,
        "outcomes": {
            "sent": 100, "delivered": 90, "bounced": 10, "failed": 20, "dead": 5, "opened": 50, "clicked": 20,
            "converted": 5,
        },
        "rates": {
            "success": rate(100, 125, 0.8),
            "delivery": rate(90, 100, 0.9),
            "bounce": rate(10, 100, 0.1),
            "open": rate(50, 100, 0.5),
            "click": rate(20, 100, 0.2),
            "click_to_open": rate(20, 50, 0.4),
            "conversion": rate(5, 100, 0.05),
            "unsubscribe": rate(0, 100, 0.0),
            "complaint": rate(0, 100, 0.0),
        },
        "latency_seconds": {"count": 60, "mean": 1.5, "median": 0.724, "p95": 5.596},
        "costs": [cost("EUR", 60, 6000, 100.0)],
    }  # fmt: skip


def test_of_nothing_there_is_no_rate_and_no_latency(api: Api) -> None:
    answer = api(f"/analytics/channels?{SPAN}&channel=sms")

    (row,) = answer["results"]
    assert row["rates"]["click_to_open"] == rate(0, 0, None)
    assert row["latency_seconds"] == {"count": 0, "mean": None, "median": None, "p95": None}
    empty = api(f"/analytics/channels?{SPAN}&channel=push")
    assert (empty["results"], empty["totals"]["rates"]["success"]) == ([], rate(0, 0, None))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("channels", ["email", "sms"]),
        ("types", ["order", "sale"]),
        ("strategies", ["immediate", "smart"]),
        ("strategies?group_by=channel", [("immediate", "email"), ("smart", "sms")]),
        ("channels?group_by=day", [("email", "2026-11-19"), ("email", "2026-11-20"), ("sms", "2026-11-20")]),
        ("channels?group_by=day&tz=Asia/Kolkata", [("email", "2026-11-20"), ("sms", "2026-11-20")]),
        (
            "types?group_by=hour&type=order",
            [("order", "2026-11-19T23:00:00Z"), ("order", "2026-11-20T12:00:00Z")],
        ),
    ],
)
def test_each_has_its_row_for_each_group(api: Api, path: str, expected: list[Any]) -> None:
    answer = api(f"/analytics/{path}{'&' if '?' in path else '?'}{SPAN}")

    assert [(row["key"], row["group"]) if row["group"] else row["key"] for row in answer["results"]] == expected
    assert sum(row["outcomes"]["sent"] for row in answer["results"]) == answer["totals"]["outcomes"]["sent"]


def test_the_histogram_goes_with_its_group(api: Api) -> None:
    rows = api(f"/analytics/channels?{SPAN}&group_by=day")["results"]

    assert [row["latency_seconds"]["median"] for row in rows] == [0.724, None, None]


def test_costs_are_told_by_currency_and_never_added(api: Api) -> None:
    answer = api(f"/analytics/costs?{SPAN}")

    assert answer["totals"] == [cost("EUR", 70, 86_000, 1228.57), cost("USD", 3, 30_000, 10_000.0)]
    assert answer["results"] == [
        {"group": "email", "sent": 100, "costs": [cost("EUR", 60, 6000, 100.0)]},
        {"group": "sms", "sent": 13, "costs": [cost("EUR", 10, 80_000, 8000.0), cost("USD", 3, 30_000, 10_000.0)]},
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("type", [("order", 1), ("sale", 2)]),
        ("strategy", [("immediate", 1), ("smart", 2)]),
        ("day", [("2026-11-19", 1), ("2026-11-20", 2)]),
    ],
)
def test_costs_are_grouped(api: Api, by: str, expected: list[tuple[str, int]]) -> None:
    rows = api(f"/analytics/costs?{SPAN}&group_by={by}")["results"]

    assert [(row["group"], len(row["costs"])) for row in rows] == expected


def test_a_test_key_sees_what_was_sent_in_test_mode(tenant_id: UUID, api: Api, api_of: Callable[..., Api]) -> None:
    (row,) = api_of(tenant_id, "read", mode="test")(f"/analytics/types?{SPAN}")["results"]

    assert row["outcomes"] == {"sent": 500}


ROUTES = ("channels", "types", "strategies", "costs")
REFUSED = [
    ("tz=Mars/Olympus", "/tz", "unknown_timezone"),
    ("from=yesterday", "/from", "invalid_format"),
    ("from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z", "/from", "too_large"),
    ("group_by=outcome", "/group_by", "invalid_format"),
    ("outcome=sent", "/outcome", "unknown_field"),
    ("to=0001-01-01T00:00:00Z", "/to", "out_of_range"),
]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("query", "pointer", "code"), REFUSED)
def test_what_will_not_do_is_refused(api: Api, route: str, query: str, pointer: str, code: str) -> None:
    (error,) = api(f"/analytics/{route}?{query}", status=422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)


@pytest.mark.parametrize("route", [*ROUTES, "recommendations"])
def test_a_key_that_only_sends_may_not_look(api_of: Callable[..., Api], tenant_id: UUID, route: str) -> None:
    assert api_of(tenant_id, "send")(f"/analytics/{route}", status=403)["code"] == "forbidden"


def test_an_answer_takes_two_statements_for_a_year_as_for_a_day(
    api: Api, at: datetime, django_assert_num_queries: Any
) -> None:
    api(f"/analytics/channels?{SPAN}")  # the key is known from now on
    year = f"from={at - timedelta(days=365):%Y-%m-%dT%H:%M:%SZ}&to={at:%Y-%m-%dT%H:%M:%SZ}&group_by=day&tz=Asia/Kolkata"
    for query in (SPAN, year):
        with django_assert_num_queries(
            7
        ):  # five of them enter the scope inside the transaction of the test, and leave it
            api(f"/analytics/channels?{query}")
