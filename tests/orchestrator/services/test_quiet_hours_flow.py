"""Quiet hours, from planning to sending: what waits, what passes, and what happens when somebody changes their mind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from preferences.services import put
from tenants.models import Tenant
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import EMAIL, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def mail_server(settings: Settings) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    yield server
    server.stop()


@pytest.fixture
def acme() -> Tenant:
    return a_tenant()


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    return recipients(acme, "ana", timezone="Asia/Kolkata")["ana"]


def around(at: datetime, *, zone: str = "UTC") -> dict[str, Any]:
    """A document whose quiet hours lie around a moment."""
    begin, end = (f"{at + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    return {"quiet_hours": [{"from": begin, "to": end}], "timezone": zone}


def said(acme: Tenant, ana: UUID, document: dict[str, Any]) -> None:
    put(tenant_id=acme.id, recipient_id=ana, document=document, at=datetime.now(UTC))


def told(acme: Tenant, ana: UUID, **facts: Any) -> Notification:
    row = a_notification(acme, {"ana": ana}, **{"content": EMAIL, **facts})
    pipeline.plan(row.priority, take=10)
    return row


def delivery(row: Notification) -> Delivery:
    return Delivery.objects.get(notification_id=row.id)


def test_it_waits_for_the_end_of_quiet_hours(acme: Tenant, ana: UUID) -> None:
    now = datetime.now(UTC)
    said(acme, ana, around(now))

    found = delivery(told(acme, ana))

    assert (found.state, found.wait_reason) == ("pending", "quiet_hours")
    assert found.due_at is not None
    assert timedelta(hours=1, minutes=58) < found.due_at - now <= timedelta(hours=2)


def test_the_clock_is_the_recipients_own_unless_they_said_another(acme: Tenant, ana: UUID) -> None:
    in_kolkata = datetime.now(UTC) + timedelta(hours=5, minutes=30)
    said(acme, ana, {"quiet_hours": around(in_kolkata)["quiet_hours"]})
    there = delivery(told(acme, ana))
    said(acme, ana, {"quiet_hours": around(in_kolkata)["quiet_hours"], "timezone": "UTC"})

    assert there.wait_reason == "quiet_hours"
    assert delivery(told(acme, ana)).state == "sent"


def test_what_is_critical_is_sent(acme: Tenant, ana: UUID) -> None:
    said(acme, ana, around(datetime.now(UTC)))

    assert delivery(told(acme, ana, priority=0)).state == "sent"


def test_quiet_hours_that_came_after_planning_count_when_it_is_to_be_sent(acme: Tenant, ana: UUID) -> None:
    row = a_notification(acme, {"ana": ana})
    pipeline.plan(1)
    said(acme, ana, around(datetime.now(UTC)))

    pipeline.send(1)

    found = delivery(row)
    assert (found.state, found.wait_reason, found.attempts) == ("pending", "quiet_hours", 0)


def test_somebody_who_changes_their_mind_is_told_at_once(acme: Tenant, ana: UUID) -> None:
    said(acme, ana, around(datetime.now(UTC)))
    row = told(acme, ana)
    waiting = delivery(row)

    said(acme, ana, {})
    pipeline.send(1)

    assert waiting.wait_reason == "quiet_hours"
    assert delivery(row).state == "sent"


def test_another_change_wakes_nothing_that_has_to_wait(acme: Tenant, ana: UUID) -> None:
    document = around(datetime.now(UTC))
    said(acme, ana, document)
    row = told(acme, ana)

    said(acme, ana, {**document, "channels": {"sms": False}})

    due_at = delivery(row).due_at
    assert due_at is not None
    assert due_at > datetime.now(UTC)


def test_what_does_not_live_to_see_the_morning_is_skipped(acme: Tenant, ana: UUID) -> None:
    now = datetime.now(UTC)
    said(acme, ana, around(now))

    planned = delivery(told(acme, ana, expires_at=now + timedelta(hours=1)))
    said(acme, ana, {})
    row = a_notification(acme, {"ana": ana}, expires_at=now + timedelta(hours=1))
    pipeline.plan(1)
    said(acme, ana, around(now))
    Delivery.objects.filter(notification_id=row.id).update(due_at=AT_ONCE)
    pipeline.send(1)

    assert (planned.state, planned.reason) == ("skipped", "quiet_hours")
    assert (delivery(row).state, delivery(row).reason) == ("skipped", "quiet_hours")
