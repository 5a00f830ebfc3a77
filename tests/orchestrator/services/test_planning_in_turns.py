"""Planning takes turns: a campaign gets a page, whoever is small is done, and tenants share what is claimed."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.services import planning
from orchestrator.services.claim import claim_deliveries, claim_notifications
from orchestrator.services.planning import plan_batch
from tenants.models import Tenant
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PAGE", 10)
    monkeypatch.setattr(planning, "FIRST_PAGE", 5)


def a_campaign(size: int, tenant: str = "crowd") -> Notification:
    owner = a_tenant(tenant)
    return a_notification(owner, recipients(owner, *(f"p{n}" for n in range(size))), content=IN_APP)


def planned(row: Notification) -> int:
    row.refresh_from_db()
    return row.planned_count


def test_a_single_one_is_planned_in_the_turn_it_is_met_in_however_large_its_neighbours_are() -> None:
    crowd = a_campaign(40)
    pipeline.plan(1)
    other = a_tenant("other")
    single = a_notification(other, recipients(other, "ana"), content=IN_APP)

    pipeline.plan(1)

    assert (planned(single), planned(crowd)) == (1, 15)


def test_a_campaign_goes_behind_what_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "PLAN_BATCH", 1)
    crowd = a_campaign(40)
    pipeline.plan(1)
    owner = Tenant.objects.get(id=crowd.tenant_id)
    single = a_notification(owner, recipients(owner, "ana"), content=IN_APP)

    pipeline.plan(1)

    assert (planned(single), planned(crowd)) == (1, 5)


def test_what_a_turn_did_not_get_to_is_given_back_unharmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PAGES", 1)
    rows = [a_campaign(12, f"tenant-{n}") for n in range(3)]

    plan_batch(claim_notifications(1, limit=10))

    for row in rows:
        row.refresh_from_db()
    assert sorted(row.planned_count for row in rows) == [0, 5, 5]  # two first pages of five fit into a page of ten
    assert {(row.lease_until, row.crashes) for row in rows} == {(None, 0)}
    while pipeline.plan(1):
        continue
    assert [planned(row) for row in rows] == [12, 12, 12]


def test_a_page_that_was_planned_forgives_the_crashes_before_it() -> None:
    row = a_campaign(40)
    for _ in range(4):
        claim_notifications(1, limit=1)  # by a worker that dies
        Notification.objects.update(lease_until=LONG_AGO)
        pipeline.plan(1)

    row.refresh_from_db()
    assert (row.status, row.crashes, row.planned_count) == ("processing", 0, 35)


def test_a_campaign_that_expires_while_it_is_planned_gives_everybody_a_delivery() -> None:
    row = a_campaign(12)
    pipeline.plan(1)
    Notification.objects.filter(id=row.id).update(expires_at=LONG_AGO)

    while pipeline.plan(1):
        continue

    assert Delivery.objects.filter(notification_id=row.id).count() == 12


def test_tenants_that_only_wait_take_no_share_of_a_claim() -> None:
    a_campaign(10)
    for number in range(4):
        a_campaign(1, f"waits-{number}")
    pipeline.plan(1)
    singles = Notification.objects.filter(recipient_count=1).values("id")
    later = datetime.now(UTC) + timedelta(hours=1)
    assert Delivery.objects.filter(notification_id__in=singles).update(due_at=later) == 4

    assert len(claim_deliveries(1, limit=10)) == 10


def test_what_one_tenant_leaves_of_its_share_another_one_fills() -> None:
    a_campaign(10)
    a_campaign(1, "other")
    pipeline.plan(1)

    assert len(claim_deliveries(1, limit=8)) == 8
