"""What is recommended, and when nothing is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from analytics.rules.recommendations import Recommendation, Saving, recommendations
from analytics.values import Cost, Figures, Outcome
from tests.analytics.conftest import Api, kept


def cell(cost: int | None = None, currency: str = "EUR", **counts: int) -> Figures:
    """The figures of a type on a channel; each of its messages cost so many micros."""
    figures = Figures({name: Outcome(count) for name, count in counts.items()})
    if cost is not None:
        figures.costs[currency] = Cost(counts["sent"], cost * counts["sent"])
    return figures


def codes(cells: dict[tuple[str, str], Figures]) -> list[tuple[str, str, str | None]]:
    return [(one.code, one.channel, one.type) for one in recommendations(cells)]


EMAIL, SMS = ("order", "email"), ("order", "sms")
BOUNCES = ("channel_bounces", "email", None)
CHEAPER = ("cheaper_channel_first", "email", "order")
MANY = {"sent": 20_000, "clicked": 4_000}
CASES = [
    pytest.param({}, [], id="nothing was sent"),
    pytest.param({EMAIL: cell(sent=1000, bounced=80)}, [BOUNCES], id="many come back"),
    pytest.param({EMAIL: cell(sent=1000, bounced=55)}, [], id="as many as may be chance"),
    pytest.param({EMAIL: cell(sent=199, bounced=199)}, [], id="too few to say"),
    pytest.param({EMAIL: cell(sent=200, bounced=201)}, [], id="what came back is of before"),
    pytest.param(
        {EMAIL: cell(sent=150, bounced=30), ("sale", "email"): cell(sent=150, bounced=30)}, [BOUNCES],
        id="types of a channel count together",
    ),
    pytest.param(
        {SMS: cell(sent=800, failed=100, dead=100)}, [("channel_fails", "sms", None)], id="many are never taken"
    ),
    pytest.param(
        {EMAIL: cell(sent=5000, unsubscribed=50)}, [("type_unsubscribes", "email", "order")], id="people leave"
    ),
    pytest.param({EMAIL: cell(sent=5000, unsubscribed=26)}, [], id="few people leave"),
    pytest.param({EMAIL: cell(sent=499, unsubscribed=100)}, [], id="too few to say who leaves"),
    pytest.param(
        {EMAIL: cell(sent=5000, complained=20)}, [("type_complaints", "email", "order")], id="people complain"
    ),
    pytest.param({EMAIL: cell(100, **MANY), SMS: cell(8000, **MANY)}, [CHEAPER], id="a cheaper channel does as well"),
    pytest.param({EMAIL: cell(5000, **MANY), SMS: cell(8000, **MANY)}, [], id="not cheap enough"),
    pytest.param({EMAIL: cell(100, "USD", **MANY), SMS: cell(8000, **MANY)}, [], id="another currency"),
    pytest.param({EMAIL: cell(None, **MANY), SMS: cell(8000, **MANY)}, [], id="a price that is not known"),
    pytest.param(
        {EMAIL: cell(100, sent=20_000, clicked=3_400), SMS: cell(8000, **MANY)}, [], id="a cheaper channel does worse"
    ),
    pytest.param(
        {EMAIL: cell(100, sent=250, clicked=50), SMS: cell(8000, sent=250, clicked=50)}, [], id="as well, by chance"
    ),
    pytest.param(
        {EMAIL: cell(100, sent=20_000, opened=9_000), SMS: cell(8000, **MANY)}, [], id="nothing that both tell of"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "expected"), CASES)
def test_it_is_recommended(cells: dict[tuple[str, str], Figures], expected: list[tuple[str, str, str | None]]) -> None:
    assert codes(cells) == expected


def test_a_recommendation_has_its_evidence_and_what_it_would_save() -> None:
    (found,) = recommendations({EMAIL: cell(100, **MANY), SMS: cell(8000, **MANY)})

    assert isinstance(found, Recommendation)
    assert [(one.what, one.channel, one.count, one.of, one.rate) for one in found.evidence] == [
        ("clicked", "email", 4000, 20_000, 0.2),
        ("clicked", "sms", 4000, 20_000, 0.2),
    ]
    assert all(one.low < 0.2 < one.high for one in found.evidence)
    assert found.saving == Saving("EUR", 20_000 * 7900)
    assert "as an experiment" in found.says


@pytest.mark.django_db
def test_the_api_tells_them_of_the_last_month(tenant_id: UUID, at: datetime, api_of: Callable[..., Api]) -> None:
    for outcome, count in (("sent", 1000), ("bounced", 100)):
        kept(tenant_id, at, "email", "order", outcome, count)

    answer = api_of(tenant_id, "read")("/analytics/recommendations?to=2026-12-19T12:00:00Z")

    assert (answer["from"], answer["to"], answer["tz"]) == ("2026-11-19T12:00:00Z", "2026-12-19T12:00:00Z", "UTC")
    assert answer["results"] == [
        {
            "code": "channel_bounces",
            "channel": "email",
            "type": None,
            "says": "Many messages on email come back: look at where the addresses come from.",
            "evidence": [
                {"what": "bounced", "channel": "email", "count": 100, "of": 1000, "rate": 0.1, "low": 0.0829,
                 "high": 0.1202},
            ],
            "threshold": 0.05,
            "minimum_sample": 200,
            "saving": None,
        }
    ]  # fmt: skip


REFUSED: list[Any] = [("group_by=channel", "/group_by", "unknown_field"), ("tz=Mars", "/tz", "unknown_timezone")]


@pytest.mark.django_db
@pytest.mark.parametrize(("query", "pointer", "code"), REFUSED)
def test_what_will_not_do_is_refused(
    tenant_id: UUID, api_of: Callable[..., Api], query: str, pointer: str, code: str
) -> None:
    (error,) = api_of(tenant_id, "read")(f"/analytics/recommendations?{query}", status=422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)
