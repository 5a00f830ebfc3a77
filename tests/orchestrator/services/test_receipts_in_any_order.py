"""Receipts come early, often and in any order, and always end the same (R13); before our own commit too (R14)."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from channels_app.hooks.store import keep
from channels_app.models import Report
from channels_app.values import Account, Heard, HookRequest, Receipt, ReceiptKind
from events.models import Event
from notifications.fields import AT_ONCE
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.services.calls import attempt_id, begin, close_attempts
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.parked import expect
from orchestrator.services.receipts import hear_reports
from orchestrator.values import ClaimedDelivery
from tests.channels_app import reporting
from tests.channels_app.reporting import Reporter
from tests.make import AT, IN_APP, a_notification, a_tenant, recipients
from tests.orchestrator.services.racing import race

LONG = os.environ.get("CARILLON_FAULTS") == "long"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800 if LONG else 120)]

RUNS = 500 if LONG else 25
RACES = 10_000 if LONG else 150
REPEATS = 50
KINDS: tuple[ReceiptKind, ...] = (
    "accepted", "deferred", "delivered", "bounced", "failed", "complained", "unsubscribed", "opened", "clicked",
)  # fmt: skip
ENGAGEMENT = ("complained", "unsubscribed", "opened", "clicked")
CALL = HookRequest("POST", "https://carillon.example.org/hooks/x", {}, b"{}")


@pytest.fixture(autouse=True)
def reporters(settings: Settings) -> Iterator[None]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    forget_accounts()
    with reporting.reporting():
        yield
    forget_accounts()


@pytest.fixture
def account() -> Account:
    (found,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == Reporter.key)
    return found


def begun(account: Account, *, people: int, tenant: str) -> list[ClaimedDelivery]:
    """Deliveries whose calls through `account` are under way."""
    owner = a_tenant(tenant)
    a_notification(owner, recipients(owner, *(f"p{n}" for n in range(people))), content=IN_APP)
    pipeline.plan(1)
    claimed: list[ClaimedDelivery] = []
    while found := claim_deliveries(1, limit=200):
        claimed += found
    begin([(one, account.provider, account.key) for one in claimed], at=claimed[0].at, lease=15)
    return claimed


def accept(delivery: ClaimedDelivery, message_id: str) -> None:
    """The provider's answer is committed, as sending does it."""
    with transaction.atomic():
        close_attempts([(attempt_id(delivery), "sent", "", "", message_id)])
        expect({message_id})
        Delivery.objects.filter(id=delivery.id, state="sending").update(
            state="sent", lease_until=None, provider_message_id=message_id
        )


def oracle(kinds: set[str]) -> str:
    """How a delivery ends that these were told of, in whatever order."""
    if kinds & {"bounced", "failed"}:
        return "bounced"
    return "delivered" if kinds & {"delivered", *ENGAGEMENT} else "sent"


numbers = Counter[str]()


@settings(max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6), min_size=3, max_size=3),
    named=st.booleans(),
    early=st.booleans(),
    chance=st.randoms(use_true_random=False),
)
def test_any_order_and_any_number_of_repetitions_ends_the_same(
    account: Account, told: list[list[ReceiptKind]], *, named: bool, early: bool, chance: random.Random
) -> None:
    numbers["tenant"] += 1
    deliveries = begun(account, people=3, tenant=f"t{numbers['tenant']}")
    if not early:
        for delivery in deliveries:
            accept(delivery, f"m-{delivery.id}")
    events = [
        Receipt(
            kind,
            AT,
            delivery_id=delivery.id if named else None,
            provider_message_id=f"m-{delivery.id}",
            event_id=f"{delivery.id}-{number}",
        )
        for delivery, kinds in zip(deliveries, told, strict=True)
        for number, kind in enumerate(kinds)
    ]
    calls = events * REPEATS
    chance.shuffle(calls)

    while calls:
        size = chance.randint(1, 200)
        keep(account, CALL, Heard(receipts=tuple(calls[:size])), at=datetime.now(UTC))
        del calls[:size]
        if chance.random() < 0.5:
            hear_reports(limit=chance.randint(1, 20))
    if early:
        for delivery in deliveries:
            accept(delivery, f"m-{delivery.id}")
    Report.objects.exclude(outcome="applied").update(due_at=AT_ONCE)
    pipeline.work("receipts")

    for delivery, kinds in zip(deliveries, told, strict=True):
        assert Delivery.objects.get(id=delivery.id).state == oracle(set(kinds)), kinds
    lines = Counter(
        Event.objects.filter(delivery_id__in=[d.id for d in deliveries], detail__has_key="report").values_list(
            "detail__report", flat=True
        )
    )
    mine = set(Report.objects.filter(delivery_id__in=[d.id for d in deliveries]).values_list("id", flat=True))
    assert len(mine) == len(events)
    assert set(lines) == {str(id) for id in mine}
    assert set(lines.values()) <= {1}


def test_a_receipt_that_races_our_own_commit_is_heard(account: Account) -> None:
    """R14. One side commits that the provider accepted, the other hears the receipt; both start at the same moment."""
    deliveries = begun(account, people=RACES, tenant="acme")

    def report_it(delivery: ClaimedDelivery) -> None:
        receipt = Receipt("delivered", AT, provider_message_id=f"m-{delivery.id}", event_id=str(delivery.id))
        keep(account, CALL, Heard(receipts=(receipt,)), at=datetime.now(UTC))

    def hear_it(_: ClaimedDelivery) -> None:
        hear_reports()

    race(deliveries, lambda delivery: accept(delivery, f"m-{delivery.id}"), hear_it, before_other=report_it)
    parked = Report.objects.filter(tries__gt=0).count()
    hear_reports(limit=RACES)  # what is due by now, and nothing is made due here

    assert Delivery.objects.filter(state="delivered").count() == RACES
    assert not Report.objects.exclude(outcome="applied").exists()
    assert 0 < parked < RACES, "one side always won: that was no race"
