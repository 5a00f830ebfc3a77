"""`/analytics/engagement` tells how readily people engage, and of nobody in particular."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from analytics.models import EngagementTally
from tests.analytics.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(tenant_id: UUID, other_tenant_id: UUID, api_of: Callable[..., Api]) -> Callable[..., list[tuple[Any, ...]]]:
    """Asks as a tenant of which this much is known, half of it a half-life ago."""
    now = datetime.now(UTC)
    for tenant, segment, channel, hour, tries, successes, age in (
        (tenant_id, "*", "email", -1, 80, 20, 60),
        (tenant_id, "*", "push", -1, 100, 5, 0),
        (tenant_id, "new", "email", -1, 30, 3, 0),
        (tenant_id, "email/often", "email", -1, 10, 9, 0),
        (tenant_id, "new", "email", 33, 30, 3, 0),
        (tenant_id, "email/often", "email", 33, 10, 9, 0),
        (tenant_id, "email/often", "email", 167, 5, 1, 0),
        (other_tenant_id, "*", "sms", -1, 500, 50, 0),
    ):
        EngagementTally.objects.create(
            tenant_id=tenant, segment=segment, channel=channel, hour=hour, as_of=now - timedelta(days=age),
            tries=tries, successes=successes,
        )  # fmt: skip
    api = api_of(tenant_id, "read")

    def ask(query: str = "") -> list[tuple[Any, ...]]:
        results = api(f"/analytics/engagement{query}")["results"]
        return [(row["group"], row["channel"], row["tries"], row["successes"], row["rate"]) for row in results]

    return ask


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", [("email", "email", 40, 10, 0.25), ("push", "push", 100, 5, 0.05)], id="by channel"),
        pytest.param("?channel=push", [("push", "push", 100, 5, 0.05)], id="one channel"),
        pytest.param(
            "?group_by=segment",
            [("email/often", "email", 10, 9, None), ("new", "email", 30, 3, 0.1)],
            id="by segment; too few for a rate",
        ),
        pytest.param(
            "?group_by=hour", [("Tue 09", "email", 40, 12, 0.3), ("Sun 23", "email", 5, 1, None)], id="by hour"
        ),
    ],
)
def test_engagement_is_grouped_and_has_faded(
    ask: Callable[..., list[tuple[Any, ...]]], query: str, expected: list[tuple[Any, ...]]
) -> None:
    assert ask(query) == expected


def test_another_grouping_is_refused(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api_of(tenant_id, "read")("/analytics/engagement?group_by=person", status=422)
