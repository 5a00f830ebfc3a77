"""What the metrics say of work that waits."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kernel.clock import now
from kernel.gauges import gauge_sources
from notifications.values import PRIORITY_NUMBER
from orchestrator.models import DeadLetter
from orchestrator.pipeline import REPLAY_LANE, RETRY_LANE, SEND_LANES
from tenants.scope import platform_scope
from tests.orchestrator.ledger_rows import make_dead, make_delivery, make_notification


def told(name: str) -> dict[tuple[str, ...], float]:
    with platform_scope():
        return dict(gauge_sources.get(name).read())


@pytest.fixture
def at() -> datetime:
    """The queries go by the database's clock."""
    return now() - timedelta(minutes=5)


def test_every_lane_is_told_even_when_nothing_waits(tenant_id: UUID) -> None:
    depths, ages = told("carillon_queue_depth"), told("carillon_queue_oldest_age_seconds")

    lanes = {(name,) for name in SEND_LANES.values()} | {(f"plan.{name}",) for name in PRIORITY_NUMBER}
    assert set(depths) == set(ages) == lanes
    assert set(depths.values()) == set(ages.values()) == {0.0}


def test_what_is_due_counts_and_what_is_not_does_not(tenant_id: UUID, at: datetime) -> None:
    high = make_notification(tenant_id, at=at, priority=PRIORITY_NUMBER["high"])
    make_delivery(high)
    make_delivery(high, due_at=at + timedelta(minutes=1))
    make_delivery(high, due_at=now() + timedelta(hours=1))
    make_delivery(high, state="sent")
    make_notification(tenant_id, at=at, priority=PRIORITY_NUMBER["low"], due_at=at, planned_at=None, status="queued")

    depths, ages = told("carillon_queue_depth"), told("carillon_queue_oldest_age_seconds")

    assert {name: depth for (name,), depth in depths.items() if depth} == {"send.high": 2.0, "plan.low": 1.0}
    assert 300 <= ages["send.high",] < 330
    assert 300 <= ages["plan.low",] < 330
    assert ages[SEND_LANES[RETRY_LANE],] == ages[SEND_LANES[REPLAY_LANE],] == 0


def test_dead_letters_are_counted_until_somebody_minds_them(tenant_id: UUID, at: datetime) -> None:
    dead = make_dead(tenant_id, at=at)
    assert told("carillon_dlq_size") == {(): 1.0}

    DeadLetter.objects.filter(id=dead.id).update(state=DeadLetter.State.DISCARDED)
    assert told("carillon_dlq_size") == {(): 0.0}
