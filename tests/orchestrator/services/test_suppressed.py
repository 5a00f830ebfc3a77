"""Nothing is sent to a suppressed address: not planned, not begun, and the preview says the same."""

import os
from datetime import UTC, datetime
from email import message_from_bytes
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from audience.services import upsert_recipients
from audience.values import EndpointInput, RecipientInput
from channels_app.accounts import LIVE, accounts_for, forget_accounts
from notifications.models import Attempt, Delivery, Notification
from orchestrator import pipeline
from orchestrator.rules.outcomes import Road
from orchestrator.selectors import words_of
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.routing import ProviderCall
from orchestrator.services.sending import _begin, send_batch
from orchestrator.values import ClaimedDelivery
from preferences.address_hash import Contact
from preferences.rules import Reason
from preferences.services import NewSuppression, suppress
from tenants.scope import tenant_scope
from tenants.services import issue_key
from tests.channels_app.messages import make_message
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import AT, EMAIL, a_notification, a_tenant, recipients
from tests.orchestrator.services.racing import race

pytestmark = pytest.mark.django_db(transaction=True)

ROUND = 100
RACES = 10_000 if os.environ.get("CARILLON_FAULTS") == "long" else 300


@pytest.fixture(autouse=True)
def a_mail_account(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()


def ban(tenant_id: UUID, address: str, reason: Reason = Reason.HARD_BOUNCE, scope: str = "") -> None:
    contact = Contact(tenant_id, "email", address)
    suppress([NewSuppression(contact, reason, scope)], source="test", at=AT)


def outcome(row: Notification) -> list[tuple[str, str]]:
    return list(Delivery.objects.filter(notification_id=row.id).order_by("id").values_list("state", "reason"))


@pytest.mark.parametrize(
    ("reason", "scope", "category", "expected"),
    [
        pytest.param(Reason.HARD_BOUNCE, "", "security", ("skipped", "suppressed"), id="bounced"),
        pytest.param(Reason.UNSUBSCRIBE, "category:news", "news", ("skipped", "unsubscribed"), id="left this"),
        pytest.param(Reason.UNSUBSCRIBE, "category:news", "orders", ("pending", ""), id="left something else"),
        pytest.param(Reason.UNSUBSCRIBE, "", "security", ("pending", ""), id="passwords arrive"),
    ],
)
def test_planning_skips_what_is_suppressed(
    reason: Reason, scope: str, category: str, expected: tuple[str, str]
) -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    ban(tenant.id, "ana@example.org", reason, scope)
    row = a_notification(tenant, people, content=EMAIL, category=category)

    pipeline.plan(1)

    assert outcome(row) == [expected]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        pytest.param(Reason.HARD_BOUNCE, ("pending", ""), id="a dead address gives way to the next one"),
        pytest.param(Reason.UNSUBSCRIBE, ("skipped", "unsubscribed"), id="a person who said no has said no"),
    ],
)
def test_another_address_is_used_for_the_dead_and_not_for_the_unwilling(
    reason: Reason, expected: tuple[str, str]
) -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    addresses = [EndpointInput(channel="email", address=f"{name}@example.org") for name in ("ana", "new")]
    with transaction.atomic():
        upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ana", endpoints=addresses)], at=AT)
    ban(tenant.id, "new@example.org", reason)
    row = a_notification(tenant, people, content=EMAIL)

    pipeline.plan(1)

    assert outcome(row) == [expected]


def test_what_was_planned_before_is_skipped_before_its_call() -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana", "bob")
    a_notification(tenant, people, content=EMAIL)
    pipeline.plan(1)
    ban(tenant.id, "ana@example.org", Reason.COMPLAINT)

    send_batch(claim_deliveries(1, limit=2))

    (kept_back,) = Delivery.objects.filter(state="skipped")
    assert (kept_back.recipient_id, kept_back.reason, kept_back.attempts) == (people["ana"], "suppressed", 0)
    assert Attempt.objects.count() == 1


def planned(people: int) -> tuple[UUID, dict[UUID, str]]:
    """A notification to many people, planned; whose it is, and the addresses it goes to."""
    tenant = a_tenant()
    ids = recipients(tenant, *(f"p{n}" for n in range(people)))
    a_notification(tenant, ids, content=EMAIL)
    while pipeline.plan(1):
        continue
    return tenant.id, {id: f"{name}@example.org" for name, id in ids.items()}


def call_of(delivery: ClaimedDelivery, address: str) -> ProviderCall:
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    message = make_message("email", address=address, delivery_id=delivery.id)
    return ProviderCall(delivery, account, Road(budget=3), message)


@pytest.mark.timeout(1800 if RACES > 1000 else 120)
def test_once_a_suppression_is_committed_no_send_begins() -> None:
    """S12. One side begins a send, the other suppresses its address; both start at the same moment, again and again.

    What the other side sees right after its commit is all that may ever have begun.
    """
    tenant_id, address_of = planned(RACES)
    words = words_of(Notification.objects.values_list("id", flat=True))
    begun_at_commit: dict[UUID, bool] = {}

    def begin_it(delivery: ClaimedDelivery) -> None:
        _begin([call_of(delivery, address_of[delivery.recipient_id])], words, at=datetime.now(UTC))

    def suppress_it(delivery: ClaimedDelivery) -> None:
        ban(tenant_id, address_of[delivery.recipient_id], Reason.STOP)
        begun_at_commit[delivery.id] = Attempt.objects.filter(delivery_id=delivery.id).exists()

    while deliveries := claim_deliveries(1, limit=ROUND):  # few enough for their leases
        race(deliveries, begin_it, suppress_it)

    begun = set(Attempt.objects.values_list("delivery_id", flat=True))
    late = [id for id in begun if not begun_at_commit[id]]
    stopped = Delivery.objects.filter(state="skipped", reason="unsubscribed").count()
    assert late == []
    assert len(begun) + stopped == RACES
    assert 0 < len(begun) < RACES, "one side always won: that was no race"


def test_one_click_on_the_link_of_a_mail_stops_the_next_one(settings: Settings) -> None:
    server = ScriptedServer()
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    a_notification(tenant, people, content=EMAIL, category="news")
    pipeline.work("plan.high")
    server.stop()
    (mail,) = server.received
    head = message_from_bytes(mail.data)
    link = "".join(head["List-Unsubscribe"].split()).strip("<>")
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith(settings.PUBLIC_URL + "/u/")

    answer = Client().post(link.removeprefix(settings.PUBLIC_URL), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    next_one = a_notification(tenant, people, content=EMAIL, category="news")
    other = a_notification(tenant, people, content=EMAIL, category="orders")
    pipeline.plan(1)
    assert (outcome(next_one), outcome(other)) == ([("skipped", "unsubscribed")], [("pending", "")])


@pytest.mark.parametrize("everybody", [False, True], ids=["by the tenant", "by the operator"])
def test_the_preview_says_what_planning_does(*, everybody: bool) -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    contact = Contact(None if everybody else tenant.id, "email", "ana@example.org")
    suppress([NewSuppression(contact, Reason.MANUAL)], source="test", at=AT)
    with tenant_scope(tenant.id):
        key = issue_key(tenant.id, mode="live", scopes=["send"], actor="test", at=AT).text

    answer = Client().post(
        "/api/v1/notifications/preview",
        {"recipients": ["ana"], "content": EMAIL},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    row = a_notification(tenant, people, content=EMAIL)
    pipeline.plan(1)

    (shown,) = answer.json()["results"]
    assert shown["steps"] == []
    assert [(skip["channel"], skip["reason"]) for skip in shown["skipped"]] == [("email", "suppressed")]
    assert "lift" in shown["skipped"][0]["flip"]
    assert outcome(row) == [("skipped", "suppressed")]
