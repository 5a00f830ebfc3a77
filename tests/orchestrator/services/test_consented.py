"""Nothing is sent without the consent it needs: not planned, not begun, and the preview says the same."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from notifications.models import Attempt, Delivery, Notification, NotificationType
from orchestrator import pipeline
from orchestrator.rules.outcomes import Road
from orchestrator.selectors import words_of
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.routing import ProviderCall
from orchestrator.services.sending import _begin, send_batch
from orchestrator.values import ClaimedDelivery
from preferences.consent_requirements import forget_requirements, keep_demands
from preferences.services.consents import NewConsent, record_consents
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import issue_key
from tests.channels_app.messages import make_message
from tests.make import AT, EMAIL, IN_APP, a_notification, a_tenant, recipients
from tests.orchestrator.services.racing import race

pytestmark = pytest.mark.django_db(transaction=True)

ROUND = 40
RACES = 5_000 if os.environ.get("CARILLON_FAULTS") == "long" else 80
MARKETING = {"content": EMAIL, "category": "marketing"}


@pytest.fixture(autouse=True)
def a_mail_account(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    forget_requirements()


def an_asking_tenant() -> Tenant:
    """A tenant that sends marketing by e-mail only with consent."""
    tenant = a_tenant()
    keep_demands(tenant.id, [{"purpose": "marketing", "channels": ["email"]}], at=AT)
    return tenant


def said(tenant_id: UUID, who: UUID, *, given: bool, purpose: str = "marketing", channel: str = "all") -> None:
    word = NewConsent(who, purpose, channel, given, "v1", "api", datetime.now(UTC))
    record_consents(tenant_id, [word], actor="test", at=datetime.now(UTC))


def outcome(row: Notification) -> list[tuple[str, str, str]]:
    rows = Delivery.objects.filter(notification_id=row.id).order_by("channel")
    return list(rows.values_list("channel", "state", "reason"))


def test_planning_asks_for_consent_where_it_is_needed_and_nowhere_else() -> None:
    tenant = an_asking_tenant()
    people = recipients(tenant, "ana")
    both = {"content": {**EMAIL, **IN_APP}}
    marketing = a_notification(tenant, people, category="marketing", **both)
    orders = a_notification(tenant, people, category="orders", **both)

    pipeline.plan(1)

    assert outcome(marketing) == [("email", "skipped", "consent_missing"), ("in_app", "pending", "")]
    assert outcome(orders) == [("email", "pending", ""), ("in_app", "pending", "")]


def test_a_yes_lets_it_through_and_a_no_is_a_no_where_nothing_was_asked() -> None:
    tenant = an_asking_tenant()
    people = recipients(tenant, "ana", "ben")
    said(tenant.id, people["ana"], given=True, channel="email")
    said(tenant.id, people["ben"], given=False)
    both = {"content": {**EMAIL, **IN_APP}, "category": "marketing"}
    to_ana = a_notification(tenant, {"ana": people["ana"]}, **both)
    to_ben = a_notification(tenant, {"ben": people["ben"]}, **both)

    pipeline.plan(1)

    assert outcome(to_ana) == [("email", "pending", ""), ("in_app", "pending", "")]
    assert outcome(to_ben) == [("email", "skipped", "consent_missing"), ("in_app", "skipped", "consent_missing")]


def test_a_type_that_names_a_purpose_needs_consent_to_it() -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana", "ben")
    NotificationType.objects.create(tenant_id=tenant.id, key="offer", policy={"purpose": "partners"})
    said(tenant.id, people["ana"], given=True, purpose="partners")
    row = a_notification(tenant, people, type="offer", content=EMAIL)
    pipeline.plan(1)
    said(tenant.id, people["ana"], given=False, purpose="partners", channel="email")

    send_batch(claim_deliveries(1, limit=2))

    assert outcome(row) == [("email", "skipped", "consent_missing")] * 2
    assert not Attempt.objects.exists()


def test_what_was_planned_before_is_skipped_before_its_call() -> None:
    tenant = an_asking_tenant()
    people = recipients(tenant, "ana", "ben")
    for who in people.values():
        said(tenant.id, who, given=True)
    a_notification(tenant, people, **MARKETING)
    pipeline.plan(1)
    said(tenant.id, people["ana"], given=False)

    send_batch(claim_deliveries(1, limit=2))

    (kept_back,) = Delivery.objects.filter(state="skipped")
    assert (kept_back.recipient_id, kept_back.reason, kept_back.attempts) == (people["ana"], "consent_missing", 0)
    assert Attempt.objects.count() == 1


def test_who_asks_for_nothing_pays_nothing() -> None:
    tenant = an_asking_tenant()
    people = recipients(tenant, "ana", "ben")
    a_notification(tenant, people, content=EMAIL)
    a_notification(tenant, people, content=EMAIL, category="security")

    with CaptureQueriesContext(connection) as captured:
        pipeline.plan(1)
        send_batch(claim_deliveries(1, limit=4))

    assert Attempt.objects.count() == 4
    assert [query["sql"] for query in captured if "consent" in query["sql"]] == []


def test_the_preview_says_what_planning_does() -> None:
    tenant = an_asking_tenant()
    people = recipients(tenant, "ana")
    NotificationType.objects.create(tenant_id=tenant.id, key="sale", category="marketing")
    with tenant_scope(tenant.id):
        key = issue_key(tenant.id, mode="live", scopes=["send"], actor="test", at=AT).text

    answer = Client().post(
        "/api/v1/notifications/preview",
        {"recipients": ["ana"], "type": "sale", "content": EMAIL},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    row = a_notification(tenant, people, **MARKETING)
    pipeline.plan(1)

    (shown,) = answer.json()["results"]
    assert shown["steps"] == []
    (skip,) = shown["skipped"]
    assert (skip["channel"], skip["reason"]) == ("email", "consent_missing")
    assert skip["flip"] == "would send with consent to 'marketing' on email"
    assert outcome(row) == [("email", "skipped", "consent_missing")]


def call_of(delivery: ClaimedDelivery) -> ProviderCall:
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    message = make_message("email", address=f"{delivery.recipient_id}@example.org", delivery_id=delivery.id)
    return ProviderCall(delivery, account, Road(budget=3), message)


@pytest.mark.timeout(1800 if RACES > 1000 else 120)
def test_once_a_withdrawal_is_committed_no_send_begins() -> None:
    """One side begins a send, the other takes the consent back; both start at the same moment, again and again.

    What the other side sees right after its commit is all that may ever have begun.
    """
    tenant = an_asking_tenant()
    people = recipients(tenant, *(f"p{n}" for n in range(RACES)))
    words = [
        NewConsent(who, "marketing", "email", True, "v1", "import", AT - timedelta(days=9)) for who in people.values()
    ]
    record_consents(tenant.id, words, actor="test", at=AT)
    a_notification(tenant, people, **MARKETING)
    while pipeline.plan(1):
        continue
    found = words_of(Notification.objects.values_list("id", flat=True))
    begun_at_commit: dict[UUID, bool] = {}

    def begin_it(delivery: ClaimedDelivery) -> None:
        _begin([call_of(delivery)], found, at=datetime.now(UTC))

    def withdraw(delivery: ClaimedDelivery) -> None:
        said(tenant.id, delivery.recipient_id, given=False, channel="email")
        begun_at_commit[delivery.id] = Attempt.objects.filter(delivery_id=delivery.id).exists()

    while deliveries := claim_deliveries(1, limit=ROUND):  # few enough for their leases
        race(deliveries, begin_it, withdraw)

    begun = set(Attempt.objects.values_list("delivery_id", flat=True))
    assert [id for id in begun if not begun_at_commit[id]] == []
    stopped = Delivery.objects.filter(state="skipped", reason="consent_missing").count()
    assert len(begun) + stopped == RACES
    assert 0 < len(begun) < RACES, "one side always won: that was no race"
