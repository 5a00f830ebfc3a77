"""Nobody is told twice: through planning, over real rows, with competitors and after crashes."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from config.orchestration import Orchestration
from events.models import Event
from notifications.models import Delivery, Notification
from notifications.values import NotificationRequest
from orchestrator import pipeline
from orchestrator.models import Sighting
from orchestrator.services import sightings
from orchestrator.services.preview import preview
from tenants.models import Tenant
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

KEY = {"key": "order-1"}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    sightings.forget()
    yield
    sightings.forget()


@pytest.fixture
def acme() -> Tenant:
    return a_tenant()


@pytest.fixture
def people(acme: Tenant) -> dict[str, UUID]:
    return recipients(acme, "ana", "bo")


def told(tenant: Tenant, people: dict[str, UUID], **facts: Any) -> Notification:
    return a_notification(tenant, people, **{"content": IN_APP, "dedup": KEY, **facts})


def outcome(row: Notification) -> list[tuple[str, str]]:
    return sorted(Delivery.objects.filter(notification_id=row.id).values_list("state", "reason"))


def test_the_second_with_the_same_key_is_skipped_and_says_which_was_first(
    acme: Tenant, people: dict[str, UUID]
) -> None:
    first = told(acme, people)
    pipeline.plan(1)
    second = told(acme, people, type="something_else")
    pipeline.plan(1)

    assert outcome(first) == [("pending", "")] * 2
    assert outcome(second) == [("skipped", "duplicate")] * 2
    details = Event.objects.filter(notification_id=second.id, kind="delivery.planned").values_list("detail", flat=True)
    assert {detail["duplicate_of"] for detail in details} == {str(first.id)}


def test_it_is_judged_for_each_recipient(acme: Tenant, people: dict[str, UUID]) -> None:
    told(acme, {"ana": people["ana"]})
    both = told(acme, people)

    pipeline.plan(1)

    assert outcome(both) == [("pending", ""), ("skipped", "duplicate")]


def test_another_tenants_person_with_the_same_key_hears_of_it(acme: Tenant, people: dict[str, UUID]) -> None:
    other = a_tenant("other")
    told(acme, people)
    theirs = told(other, recipients(other, "ana"))

    pipeline.plan(1)

    assert outcome(theirs) == [("pending", "")]


def test_a_closed_window_opens_anew(acme: Tenant, people: dict[str, UUID]) -> None:
    told(acme, people)
    pipeline.plan(1)
    Sighting.objects.update(until=datetime.now(UTC) - timedelta(seconds=1))
    later, again = told(acme, people), None

    pipeline.plan(1)
    again = told(acme, people)
    pipeline.plan(1)

    assert outcome(later) == [("pending", "")] * 2
    assert outcome(again) == [("skipped", "duplicate")] * 2


def test_the_window_comes_from_the_request_else_from_the_environment(
    acme: Tenant, people: dict[str, UUID], settings: Settings
) -> None:
    values = {name: getattr(settings.ORCHESTRATOR, name) for name in Orchestration.__slots__}
    settings.ORCHESTRATOR = Orchestration(**{**values, "dedup_window_minutes": 7})
    told(acme, people)
    told(acme, people, dedup={"key": "order-2", "window_minutes": 90})

    pipeline.plan(1)

    windows = {round((row.until - row.seen_at).total_seconds() / 60) for row in Sighting.objects.all()}
    assert windows == {7, 90}


def test_planning_again_after_a_crash_finds_its_own_sighting_and_no_duplicate(
    acme: Tenant, people: dict[str, UUID]
) -> None:
    row = told(acme, people)
    pipeline.plan(1)
    Delivery.objects.filter(notification_id=row.id).delete()
    Notification.objects.filter(id=row.id).update(
        due_at="2020-01-01T00:00:00Z", plan_position="", planned_count=0, planned_at=None
    )

    pipeline.plan(1)

    assert outcome(row) == [("pending", "")] * 2


def test_of_two_at_the_same_moment_one_is_sent(acme: Tenant, people: dict[str, UUID]) -> None:
    rows = [told(acme, people, priority=priority) for priority in (1, 2, 3)]
    start = threading.Barrier(3)

    def work(priority: int) -> None:
        try:
            start.wait(timeout=10)
            pipeline.plan(priority)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(priority,)) for priority in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    outcomes = [pair for row in rows for pair in outcome(row)]
    assert outcomes.count(("pending", "")) == 2
    assert outcomes.count(("skipped", "duplicate")) == 4


@pytest.mark.parametrize("size", [0, 10_000])
def test_memory_only_saves_asking(acme: Tenant, people: dict[str, UUID], settings: Settings, size: int) -> None:
    values = {name: getattr(settings.ORCHESTRATOR, name) for name in Orchestration.__slots__}
    settings.ORCHESTRATOR = Orchestration(**{**values, "dedup_cache_size": size})
    for _ in range(2):
        told(acme, people)
        pipeline.plan(1)
    third = told(acme, people)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        pipeline.plan(1)

    assert outcome(third) == [("skipped", "duplicate")] * 2
    assert any("orchestrator_sighting" in query["sql"] for query in asked) == (size == 0)


def test_a_preview_tells_of_a_duplicate_and_makes_none(acme: Tenant, people: dict[str, UUID]) -> None:
    request = msgspec.convert({"recipients": ["ana"], "content": IN_APP, "dedup": KEY}, NotificationRequest)
    now = datetime.now(UTC)
    (before,) = preview(tenant_id=acme.id, request=request, mode="live", at=now)
    told(acme, people)
    pipeline.plan(1)

    (after,) = preview(tenant_id=acme.id, request=request, mode="live", at=now)

    assert (len(before.steps), before.skipped) == (1, ())
    assert [skip["reason"] for skip in after.skipped] == ["duplicate"]


def test_windows_that_have_closed_are_forgotten(acme: Tenant, people: dict[str, UUID]) -> None:
    told(acme, people)
    pipeline.plan(1)
    at = datetime.now(UTC)

    kept, gone = sightings.purge(at=at, limit=10), sightings.purge(at=at + timedelta(hours=2), limit=10)

    assert (kept, gone, Sighting.objects.count()) == (0, 2, 0)
