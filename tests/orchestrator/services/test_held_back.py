"""What a breaker or a rate limit holds back comes again when it may go, not one wait after the other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels_app.limits import Limits
from channels_app.shared_state import SharedState
from kernel.env_kinds import Rate
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.services import routing
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50


class NobodyAnswers(SharedState):
    """Redis is out."""

    def run(self, *_: Any, **__: Any) -> None:
        return None


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

    monkeypatch.setattr(routing.breaker, "allow", nobody)
    monkeypatch.setattr(routing.breaker, "wait_seconds", half_a_minute)

    pipeline.send(1)

    found = waits(many_claimed_at)
    assert len(found) == MANY
    assert found[0] >= timedelta(seconds=30)
    assert found[-1] < timedelta(seconds=40)


def test_a_rate_limit_lets_them_come_back_as_fast_as_it_fills(
    many_claimed_at: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_CHANNEL = {"in_app": Rate(10, 1)}  # a process alone allows itself 5 at once
    monkeypatch.setattr(routing, "limits", Limits(NobodyAnswers()))

    pipeline.send(1)

    found = waits(many_claimed_at)
    assert len(found) == MANY - 5
    assert found[-1] - found[0] == pytest.approx(timedelta(seconds=0.1 * 44), abs=timedelta(seconds=0.25))
