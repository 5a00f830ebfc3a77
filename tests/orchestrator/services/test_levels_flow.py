"""Tenants' defaults, overrides, windows of a type and changed minds, from planning to sending."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from pytest_django import Settings

from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification, NotificationType
from notifications.services.types import save_type
from orchestrator import pipeline
from preferences.rules.calling_hours import CALLING_HOURS, CallingHours
from preferences.rules.quiet_hours import Window
from preferences.services import put
from preferences.services.consents import NewConsent, record_consents
from preferences.services.overrides import override, take_back
from preferences.services.tenant_defaults import put_tenant_preferences
from tenants.models import Tenant
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import a_notification, a_tenant, recipients

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
    return recipients(acme, "ana", timezone="UTC")["ana"]


def hours(*, begin: int, end: int, **also: Any) -> dict[str, Any]:
    """From `begin` to `end` hours from now, on the clock of UTC."""
    now = datetime.now(UTC)
    return {"from": f"{now + timedelta(hours=begin):%H:%M}", "to": f"{now + timedelta(hours=end):%H:%M}", **also}


def tenant_says(acme: Tenant, **documents: Any) -> None:
    put_tenant_preferences(tenant_id=acme.id, documents=documents, actor="test", at=datetime.now(UTC))


def a_type(acme: Tenant, key: str, **policy: Any) -> None:
    at = datetime.now(UTC)
    NotificationType.objects.create(tenant_id=acme.id, key=key, policy=policy, created_at=at, updated_at=at)


def told(acme: Tenant, ana: UUID, **facts: Any) -> Notification:
    row = a_notification(acme, {"ana": ana}, **facts)
    pipeline.plan(row.priority, take=10)
    return row


def delivery(row: Notification) -> Delivery:
    return Delivery.objects.get(notification_id=row.id)


def test_what_the_tenant_switches_off_by_default_is_sent_to_who_asks_for_it(acme: Tenant, ana: UUID) -> None:
    tenant_says(acme, defaults={"types": {"news": False}})
    by_default = delivery(told(acme, ana, type="news"))
    put(tenant_id=acme.id, recipient_id=ana, document={"types": {"news": True}}, at=datetime.now(UTC))

    assert (by_default.state, by_default.reason) == ("skipped", "preference_off")
    assert delivery(told(acme, ana, type="news")).state == "sent"


def test_what_is_forced_on_is_sent_to_who_refused_it(acme: Tenant, ana: UUID) -> None:
    put(tenant_id=acme.id, recipient_id=ana, document={"channels": {"email": False}}, at=datetime.now(UTC))
    tenant_says(acme, forced={"types": {"invoice": {"email": True}}})

    assert delivery(told(acme, ana, type="invoice")).state == "sent"
    assert delivery(told(acme, ana, type="news")).reason == "preference_off"


def test_quiet_hours_of_the_tenant_hold_and_wake_everybody(acme: Tenant, ana: UUID) -> None:
    tenant_says(acme, defaults={"quiet_hours": [hours(begin=-2, end=2)]})
    row = told(acme, ana)
    waiting = delivery(row)

    tenant_says(acme)
    pipeline.send(1)

    assert (waiting.state, waiting.wait_reason) == ("pending", "quiet_hours")
    assert delivery(row).state == "sent"


def test_an_override_lets_through_while_it_lasts(acme: Tenant, ana: UUID) -> None:
    now = datetime.now(UTC)
    put(tenant_id=acme.id, recipient_id=ana, document={"quiet_hours": [hours(begin=-2, end=2)]}, at=now)
    row = told(acme, ana)
    waiting = delivery(row)

    added = override(
        tenant_id=acme.id, recipient_id=ana, document={"quiet_hours": []}, until=now + timedelta(hours=1), note="",
        actor="test", at=now,
    )  # fmt: skip
    pipeline.send(1)
    take_back(tenant_id=acme.id, recipient_id=ana, id=added.id)

    assert waiting.wait_reason == "quiet_hours"
    assert delivery(row).state == "sent"
    assert delivery(told(acme, ana)).wait_reason == "quiet_hours"


def test_outside_of_the_window_of_its_type_it_waits_for_the_next_one(acme: Tenant, ana: UUID) -> None:
    a_type(acme, "offer", windows=[hours(begin=2, end=4)])
    now = datetime.now(UTC)

    found = delivery(told(acme, ana, type="offer"))

    assert (found.state, found.wait_reason) == ("pending", "outside_window")
    assert found.due_at is not None
    assert timedelta(hours=1, minutes=58) < found.due_at - now <= timedelta(hours=2)


def test_a_window_that_closed_after_planning_counts_when_it_is_to_be_sent(acme: Tenant, ana: UUID) -> None:
    row = a_notification(acme, {"ana": ana}, type="offer")
    pipeline.plan(1)
    a_type(acme, "offer", windows=[hours(begin=2, end=4)])

    pipeline.send(1)

    found = delivery(row)
    assert (found.state, found.wait_reason, found.attempts) == ("pending", "outside_window", 0)


def test_what_may_not_wait_for_quiet_hours_is_skipped_and_what_is_sent_at_the_edge_goes_out(
    acme: Tenant, ana: UUID
) -> None:
    now = datetime.now(UTC)
    put(tenant_id=acme.id, recipient_id=ana, document={"quiet_hours": [hours(begin=-2, end=2)]}, at=now)
    a_type(acme, "now_or_never", quiet="skip")
    a_type(acme, "rather_than_not", quiet="send")
    soon = now + timedelta(hours=1)

    skipped = delivery(told(acme, ana, type="now_or_never"))
    sent = delivery(told(acme, ana, type="rather_than_not", expires_at=soon))

    assert (skipped.state, skipped.reason) == ("skipped", "quiet_hours")
    assert sent.state == "sent"


def test_who_changes_their_mind_while_it_waits_does_not_get_it(acme: Tenant, ana: UUID) -> None:
    now = datetime.now(UTC)
    row = a_notification(acme, {"ana": ana}, type="news", data={"order": "7"})
    pipeline.plan(1)
    muted = {"conditions": [{"mute": {"path": "data.order", "equals": "7"}}]}
    put(tenant_id=acme.id, recipient_id=ana, document=muted, at=now)
    Delivery.objects.filter(notification_id=row.id).update(due_at=AT_ONCE)

    pipeline.send(1)

    found = delivery(row)
    assert (found.state, found.reason, found.attempts) == ("skipped", "preference_off", 0)


def test_a_muted_object_is_skipped_and_another_one_is_not(acme: Tenant, ana: UUID) -> None:
    muted = {"conditions": [{"mute": {"type": "order", "path": "data.id", "equals": 7}}]}
    put(tenant_id=acme.id, recipient_id=ana, document=muted, at=datetime.now(UTC))

    assert delivery(told(acme, ana, type="order", data={"id": "7"})).reason == "preference_off"
    assert delivery(told(acme, ana, type="order", data={"id": "8"})).state == "sent"


def test_a_type_that_opens_its_window_wakes_what_waits_for_it(acme: Tenant, ana: UUID) -> None:
    closed = {"policy": {"windows": [hours(begin=2, end=4)]}}
    save_type(tenant_id=acme.id, key="offer", facts=closed, actor="test", at=datetime.now(UTC))
    row = told(acme, ana, type="offer")
    waiting = delivery(row)
    save_type(tenant_id=acme.id, key="offer", facts=closed, actor="test", at=datetime.now(UTC))
    still = delivery(row)

    save_type(tenant_id=acme.id, key="offer", facts={"policy": {}}, actor="test", at=datetime.now(UTC))
    pipeline.send(1)

    assert (waiting.wait_reason, still.due_at) == ("outside_window", waiting.due_at)
    assert delivery(row).state == "sent"


def test_who_moves_to_where_it_is_day_is_told_at_once(acme: Tenant, ana: UUID) -> None:
    night = {"quiet_hours": [hours(begin=-1, end=1)]}
    put(tenant_id=acme.id, recipient_id=ana, document=night, at=datetime.now(UTC))
    row = told(acme, ana)
    waiting = delivery(row)

    with transaction.atomic():
        recipients(acme, "ana", timezone="Asia/Tokyo")
    pipeline.send(1)

    assert waiting.wait_reason == "quiet_hours"
    assert delivery(row).state == "sent"


def test_a_device_that_is_on_a_journey_takes_quiet_hours_along_until_it_is_back(acme: Tenant, ana: UUID) -> None:
    now = datetime.now(UTC)
    put(tenant_id=acme.id, recipient_id=ana, document={"quiet_hours": [hours(begin=-1, end=1)]}, at=now)
    row = told(acme, ana)
    waiting = delivery(row)

    document, until = {"timezone": "Asia/Tokyo"}, now + timedelta(days=3)
    added = override(tenant_id=acme.id, recipient_id=ana, document=document, until=until, note="", actor="test", at=now)
    pipeline.send(1)
    take_back(tenant_id=acme.id, recipient_id=ana, id=added.id)

    assert waiting.wait_reason == "quiet_hours"
    assert delivery(row).state == "sent"
    assert delivery(told(acme, ana)).wait_reason == "quiet_hours"


def test_marketing_by_text_waits_for_the_calling_hours_of_the_number_and_other_texts_do_not(
    acme: Tenant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = ZoneInfo("America/New_York")
    opens, closes = (datetime.now(there) + timedelta(hours=ahead) for ahead in (2, 4))
    window = Window(opens.time().replace(second=0, microsecond=0), closes.time().replace(second=0, microsecond=0))
    monkeypatch.setitem(CALLING_HOURS, "US", CallingHours("US", (window,), "of this test"))  # type: ignore[arg-type]
    settings.PROVIDER_CREDENTIALS = {"twilio": {"account_sid": "AC1", "auth_token": "secret", "sender": "+15005550006"}}
    now = datetime.now(UTC)
    with transaction.atomic():
        bo = recipients(acme, "bo", phone="+12125550123")["bo"]
        record_consents(acme.id, [NewConsent(bo, "marketing", "sms", True, "", "api", now)], actor="test", at=now)
    facts = {"content": {"sms": {"body": "Hi"}}}
    offer = a_notification(acme, {"bo": bo}, category="marketing", **facts)
    code = a_notification(acme, {"bo": bo}, category="codes", **facts)

    pipeline.plan(1)

    assert (delivery(offer).state, delivery(offer).wait_reason) == ("pending", "outside_window")
    assert (delivery(offer).due_at or now) - now > timedelta(hours=1, minutes=58)
    assert (delivery(code).state, delivery(code).wait_reason) == ("pending", "")
