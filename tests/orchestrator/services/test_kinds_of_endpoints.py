"""A device is planned for only when an account reaches its kind, and its delivery goes to such an account."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings

from audience.services import upsert_recipients
from audience.values import EndpointInput, RecipientInput
from channels_app.accounts import close_all, forget_accounts
from channels_app.services import Facts, create
from notifications.models import Delivery
from orchestrator import pipeline
from tests.make import AT, a_notification, a_tenant

pytestmark = pytest.mark.django_db(transaction=True)

ONE_SIGNAL = {"app_id": "1f7a1f3e-7d8a-4c6b-9d57-6a3b2c1d0e9f", "api_key": "key-of-the-app"}


@pytest.fixture
def tenant(settings: Settings) -> Iterator[Any]:
    settings.PROVIDER_CREDENTIALS, settings.SANDBOX_LIVE = {}, False
    tenant = a_tenant()
    facts = Facts(key="push", provider="onesignal", credentials=ONE_SIGNAL)
    create(facts, tenant_id=tenant.id, actor="test", at=datetime.now(UTC))
    yield tenant
    forget_accounts()
    close_all()


def planned(tenant: Any, *kinds: str) -> list[tuple[str, str, str]]:
    """What becomes of a push to a person with a device of each kind."""
    devices = [EndpointInput(channel="push", kind=kind, address=f"{n}-token-of-a-device" * 4)
               for n, kind in enumerate(kinds)]  # fmt: skip
    people = upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ana", endpoints=devices)], at=AT)
    a_notification(tenant, people, content={"push": {"title": "Hello", "body": "World"}})
    pipeline.plan(1)
    return sorted(Delivery.objects.values_list("channel", "state", "reason"))


def test_devices_that_no_account_reaches_are_left_out(tenant: Any) -> None:
    assert planned(tenant, "fcm", "onesignal", "apns", "onesignal") == [("push", "pending", "")] * 2


def test_a_person_with_no_other_device_is_told_about(tenant: Any) -> None:
    assert planned(tenant, "fcm") == [("push", "skipped", "channel_disabled")]
