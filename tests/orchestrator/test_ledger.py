"""Conservation: for every hour, what was accepted is what has an outcome and what is pending."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache

from kernel.gauges import gauge_sources
from notifications.models import Delivery, Notification
from notifications.rules.states import DeliveryState
from orchestrator.services import ledger
from orchestrator.services.dead_letters import Narrowing
from orchestrator.services.ledger import OUTCOMES, HourBalance, balance, first_accepted_at, watch
from orchestrator.services.replays import Matching, replay
from tenants.scope import tenant_scope
from tests.orchestrator.ledger_rows import make_dead, make_delivery, make_notification

HOUR = timedelta(hours=1)


def at_hour(at: datetime) -> HourBalance:
    (found,) = balance(at, at)
    return found


def test_every_state_has_its_place_in_the_balance() -> None:
    at_work = {"claimed", "sending"}  # they count as pending

    assert set(OUTCOMES) == {state.value for state in DeliveryState} - at_work


def test_nothing_accepted_is_no_hour(db: None, at: datetime) -> None:
    assert balance(at, at) == []
    assert first_accepted_at() is None


PAIRS = [
    pytest.param(["delivered", "pending"], "delivered", id="one success is success, whatever else is open"),
    pytest.param(["sent", "delivered"], "delivered", id="delivered is more than sent"),
    pytest.param(["sent", "unknown"], "sent", id="sent is more than perhaps"),
    pytest.param(["unknown", "dead"], "unknown", id="perhaps is more than never"),
    pytest.param(["failed", "pending"], "pending", id="while one is open, it is not over"),
    pytest.param(["skipped", "claimed"], "pending", id="claimed is open"),
    pytest.param(["skipped", "sending"], "pending", id="being sent is open"),
    pytest.param(["skipped", "bounced"], "bounced", id="a skip does not hide a bounce"),
    pytest.param(["skipped", "dead"], "dead", id="a skip does not hide a dead letter"),
    pytest.param(["skipped", "failed"], "failed", id="a skip does not hide a failure"),
    pytest.param(["expired", "skipped"], "expired", id="expired is told before skipped"),
    pytest.param(["cancelled", "skipped"], "cancelled", id="cancelled is told before skipped"),
    pytest.param(["skipped", "skipped"], "skipped", id="skipped everywhere is skipped"),
]


@pytest.mark.parametrize(("states", "outcome"), PAIRS)
def test_a_pair_counts_once_as_the_best_of_its_deliveries(
    tenant_id: UUID, at: datetime, states: Sequence[str], outcome: str
) -> None:
    notification, person = make_notification(tenant_id, at=at), uuid4()
    for number, state in enumerate(states):
        make_delivery(notification, state=state, recipient_id=person, channel=f"channel_{number}")

    assert at_hour(at) == HourBalance(hour=at, accepted=1, pairs={outcome: 1})


UNPLANNED = [
    pytest.param({"status": "queued", "due": True}, {"pending": 3}, id="waiting to be planned"),
    pytest.param({"status": "scheduled", "due": True}, {"pending": 3}, id="scheduled"),
    pytest.param({"status": "cancelled", "reason": "cancelled"}, {"cancelled": 3}, id="cancelled before"),
    pytest.param({"status": "expired", "reason": "expired"}, {"expired": 3}, id="expired before"),
    pytest.param({"status": "failed", "reason": "poison"}, {"failed": 3}, id="killed its workers"),
    pytest.param({"status": "cancelled"}, {"cancelled": 3}, id="cancelled without a reason"),
]


@pytest.mark.parametrize(("said", "pairs"), UNPLANNED)
def test_what_was_not_planned_ends_with_its_notification(
    tenant_id: UUID, at: datetime, said: dict[str, Any], pairs: dict[str, int]
) -> None:
    given = {**said, "due_at": at if said.get("due") else None, "planned_at": None}
    given.pop("due", None)
    make_notification(tenant_id, at=at, recipients=3, **given)

    assert at_hour(at) == HourBalance(hour=at, accepted=3, pairs=pairs)


def test_half_planned_counts_both_halves(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, recipients=5, due_at=at, planned_at=None)
    make_delivery(notification, state="sent")
    make_delivery(notification, state="skipped")

    assert at_hour(at) == HourBalance(hour=at, accepted=5, pairs={"sent": 1, "skipped": 1, "pending": 3})


@pytest.mark.parametrize(
    ("reason", "outcome"), [("cancelled", "cancelled"), ("expired", "expired"), ("poison", "failed")]
)
def test_half_planned_ended_and_replayed_still_balances(
    tenant_id: UUID, at: datetime, reason: str, outcome: str
) -> None:
    notification = make_notification(
        tenant_id, at=at, recipients=5, status="failed", reason=reason, planned_at=None, finished_at=at
    )
    make_dead(tenant_id, at=at, notification=notification)
    assert at_hour(at) == HourBalance(hour=at, accepted=5, pairs={"dead": 1, outcome: 4})

    replay(Matching(Narrowing()), tenant_id=tenant_id, rate_per_second=1, actor="test", at=at)

    assert at_hour(at) == HourBalance(hour=at, accepted=5, pairs={"pending": 1, outcome: 4})


def test_every_hour_has_its_own_balance(tenant_id: UUID, at: datetime) -> None:
    for moment in (at, at + timedelta(minutes=59, seconds=59), at + HOUR):
        make_delivery(make_notification(tenant_id, at=moment), state="sent")
    make_notification(tenant_id, at=at + 2 * HOUR, status="queued", planned_at=None, due_at=at)

    assert balance(at, at + HOUR) == [
        HourBalance(hour=at, accepted=2, pairs={"sent": 2}),
        HourBalance(hour=at + HOUR, accepted=1, pairs={"sent": 1}),
    ]
    assert first_accepted_at() == at


def test_a_tenant_sees_its_own_balance(tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    for owner in (tenant_id, other_tenant_id):
        make_delivery(make_notification(owner, at=at), state="sent")

    with tenant_scope(tenant_id):
        mine = at_hour(at)

    assert (mine.accepted, at_hour(at).accepted) == (1, 2)


def test_a_delivery_that_vanished_is_missing(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, recipients=2)
    make_delivery(notification, state="sent")
    lost = make_delivery(notification, state="pending")
    assert at_hour(at).missing == 0

    Delivery.objects.filter(id=lost.id).delete()

    assert at_hour(at) == HourBalance(hour=at, accepted=2, pairs={"sent": 1})
    assert at_hour(at).missing == 1


def test_a_pair_more_than_was_accepted_is_missing_the_other_way(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, recipients=1)
    make_delivery(notification, state="sent")

    make_delivery(notification, state="sent")

    assert at_hour(at).missing == -1


def test_an_open_notification_that_nobody_will_plan_is_missing(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, recipients=4, status="queued", planned_at=None, due_at=at)
    assert at_hour(at).missing == 0

    Notification.objects.filter(id=notification.id).update(due_at=None)

    assert at_hour(at).missing == 4


def test_the_gauge_tells_what_upkeep_found(tenant_id: UUID, at: datetime, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    source = gauge_sources.get("carillon_ledger_imbalance")
    assert list(source.read()) == []  # nobody has looked yet

    make_notification(tenant_id, at=at - HOUR, recipients=3)
    surplus = make_notification(tenant_id, at=at, recipients=0)
    make_delivery(surplus, state="sent")
    make_notification(tenant_id, at=at - 4 * HOUR, recipients=7)  # too old to be watched

    assert watch(at=at) == 4
    assert list(source.read()) == [((), 4.0)]
    assert source is gauge_sources.get("carillon_ledger_imbalance")
    assert ledger.WATCHED == 2 * HOUR
