"""What a breaker or a rate limit holds back comes again when it may go, not one wait after the other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels_app.rules.gcra import Grant
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.services import sending
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50


@pytest.fixture
def many_claimed_at() -> datetime:
    """`MANY` deliveries are due; the moment before they are claimed."""
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, *(f"p{n}" for n in range(MANY))), content=IN_APP)
    pipeline.plan(1)
    return datetime.now(UTC)


def waits(since: datetime) -> list[timedelta]:
    moments = Delivery.objects.filter(state="pending").values_list("due_at", flat=True)
    return sorted(moment - since for moment in moments)


def test_all_of_them_come_back_soon_after_a_breaker_may_close(
    many_claimed_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: Any, **__: Any) -> int:
        return 0

    def half_a_minute(*_: Any, **__: Any) -> float:
        return 30.0

    monkeypatch.setattr(sending.breaker, "allow", nobody)
    monkeypatch.setattr(sending.breaker, "wait_seconds", half_a_minute)

    pipeline.send(1)

    found = waits(many_claimed_at)
    assert len(found) == MANY
    assert found[0] >= timedelta(seconds=30)
    assert found[-1] < timedelta(seconds=40)


def test_a_rate_limit_lets_them_come_back_as_fast_as_it_fills(
    many_claimed_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ten_a_second(wanted: dict[str, int], **_: Any) -> dict[str, Grant]:
        return {channel: Grant(10, wait_seconds=0.1) for channel in wanted}

    monkeypatch.setattr(sending.limits, "grants", ten_a_second)

    pipeline.send(1)

    found = waits(many_claimed_at)
    assert len(found) == MANY - 10
    assert found[-1] - found[0] == pytest.approx(timedelta(seconds=3.9), abs=timedelta(seconds=0.01))
