"""Bounces, complaints and replies reach the suppression list, each for the tenant it concerns."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import transaction
from pytest_django import Settings

from audience.services import upsert_recipients
from audience.values import RecipientInput
from channels_app.accounts import LIVE, accounts_for, forget_accounts
from channels_app.services import Facts, create
from channels_app.values import Account
from events.models import Event
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.services.calls import begin
from orchestrator.services.claim import claim_deliveries
from preferences.models import Suppression
from tenants.models import Tenant
from tests.channels_app import reporting
from tests.channels_app.reporting import Reporter, say
from tests.make import AT, a_notification, a_tenant

pytestmark = pytest.mark.django_db(transaction=True)

SMS = {"sms": {"body": "Hello"}}
NUMBER = "+33612345678"


@pytest.fixture(autouse=True)
def reporters(settings: Settings) -> Iterator[None]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    with reporting.reporting():
        yield
    forget_accounts()


def account_of(tenant: Tenant | None = None) -> Account:
    if tenant is not None:
        create(Facts(key="own", provider="reporter"), tenant_id=tenant.id, actor="user:ops", at=AT)
        forget_accounts()
    found = accounts_for("sms", mode=LIVE, tenant_id=tenant.id if tenant else None)
    return next(account for account in found if account.provider == Reporter.key)


def texted(tenant: Tenant, account: Account, **facts: str) -> Delivery:
    """A text to `NUMBER` whose call is under way."""
    with transaction.atomic():
        person = RecipientInput(id="ana", phone=NUMBER)
        people = upsert_recipients(tenant_id=tenant.id, recipients=[person], at=AT)
    row = a_notification(tenant, people, content=SMS, **facts)
    pipeline.plan(1)
    claimed = [one for one in claim_deliveries(1, limit=5) if one.notification_id == row.id]
    begin([(one, account.provider, account.key) for one in claimed], at=claimed[0].at, lease=15)
    return Delivery.objects.get(notification_id=row.id)


def write_back(account: Account, text: str, *, id: str) -> None:
    said = {"sender": NUMBER, "to": "+18885550100", "text": text, "message_id": id, "at": reporting.AT}
    assert say(account, inbound=[said]).status_code == 200
    pipeline.work("receipts")


def in_force() -> list[tuple[UUID | None, str, str]]:
    rows = Suppression.objects.filter(lifted_at=None).order_by("id")
    return list(rows.values_list("tenant_id", "reason", "scope"))


@pytest.mark.parametrize(
    ("receipt", "expected"),
    [
        pytest.param({"kind": "bounced", "permanent": True}, ("hard_bounce", ""), id="dead"),
        pytest.param({"kind": "failed", "permanent": True}, ("hard_bounce", ""), id="no such number"),
        pytest.param({"kind": "bounced"}, None, id="full mailbox"),
        pytest.param({"kind": "complained"}, ("complaint", ""), id="complaint"),
        pytest.param({"kind": "unsubscribed"}, ("unsubscribe", "category:news"), id="left by the provider's link"),
        pytest.param({"kind": "delivered"}, None, id="arrived"),
    ],
)
def test_receipts_suppress(receipt: dict[str, object], expected: tuple[str, str] | None) -> None:
    tenant, account = a_tenant(), account_of()
    delivery = texted(tenant, account, category="news")

    say(account, {**receipt, "delivery_id": str(delivery.id), "event_id": "e1"})
    pipeline.work("receipts")

    assert in_force() == ([(tenant.id, *expected)] if expected else [])
    lines = Event.objects.filter(kind="suppression.added", delivery_id=delivery.id)
    assert lines.count() == (1 if expected else 0)


def test_stop_holds_at_once_and_start_takes_it_back() -> None:
    tenant = a_tenant()
    account = account_of(tenant)
    texted(tenant, account)

    write_back(account, "Stop texting me!", id="i1")
    assert in_force() == [(tenant.id, "stop", "")]
    next_one = a_notification(tenant, {"ana": Delivery.objects.get().recipient_id}, content=SMS)
    pipeline.plan(1)
    assert list(Delivery.objects.filter(notification_id=next_one.id).values_list("state", "reason")) == [
        ("skipped", "unsubscribed")
    ]

    write_back(account, "START", id="i2")
    assert in_force() == []
    kinds = Event.objects.filter(kind__startswith="inbound.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["inbound.stop", "inbound.start"]


def test_help_and_ordinary_replies_are_told_and_change_nothing() -> None:
    tenant = a_tenant()
    account = account_of(tenant)

    write_back(account, "HELP", id="i1")
    write_back(account, "I can't stop laughing", id="i2")

    lines = Event.objects.filter(kind__startswith="inbound.").order_by("id")
    assert [line.kind for line in lines] == ["inbound.help", "inbound.received"]
    assert NUMBER not in str([line.detail for line in lines])
    assert in_force() == []


def test_a_shared_sender_is_told_stop_for_those_who_wrote_from_it() -> None:
    shared = account_of()
    acme, globex = a_tenant("acme"), a_tenant("globex")
    texted(acme, shared)
    own = account_of(globex)
    texted(globex, own)

    write_back(shared, "STOP", id="i1")

    assert in_force() == [(acme.id, "stop", "")]


def test_a_stop_from_somebody_nobody_wrote_to_holds_for_everybody() -> None:
    shared, tenant = account_of(), a_tenant()

    write_back(shared, "STOP", id="i1")

    assert in_force() == [(None, "stop", "")]
    with transaction.atomic():
        people = upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ana", phone=NUMBER)], at=AT)
    a_notification(tenant, people, content=SMS)
    pipeline.plan(1)
    assert Delivery.objects.get().reason == "unsubscribed"


def test_of_stop_and_start_in_one_batch_the_last_word_counts() -> None:
    tenant = a_tenant()
    account = account_of(tenant)
    said = {"sender": NUMBER, "to": "+18885550100", "at": reporting.AT}

    say(account, inbound=[{**said, "text": "START", "message_id": "1"}, {**said, "text": "STOP", "message_id": "2"}])
    pipeline.work("receipts")

    assert in_force() == [(tenant.id, "stop", "")]
