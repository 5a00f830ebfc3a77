"""Receipts over real PostgreSQL: matched by delivery id or provider's id, applied once, whatever their order."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_app.values import Receipt, ReceiptKind
from events.models import Event
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.services.calls import begin
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.hearing import Told, hear_batch
from tests.make import AT, IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "inbox"  # the account of every delivery here


def a_sent_delivery(key: str = "acme", *, message_id: str = "m1", account: str = OURS) -> Delivery:
    """A delivery that a provider accepted under the name `m1` and reports on."""
    tenant = a_tenant(key)
    notification = a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)
    pipeline.plan(1)
    (claimed,) = claim_deliveries(1, limit=1)
    begin([(claimed, "inbox", account)], at=claimed.at, lease=15)
    mine = Delivery.objects.filter(notification_id=notification.id)
    mine.update(state="sent", lease_until=None, provider_message_id=message_id, sent_at=AT)
    return mine.get()


def told(kind: ReceiptKind, *, account: str = OURS, tenant_id: UUID | None = None, **facts: object) -> Told:
    receipt = Receipt(kind, AT, **{"provider_message_id": "m1", **facts})  # type: ignore[arg-type]
    return Told(receipt, account, tenant_id)


def state_of(delivery: Delivery) -> str:
    return Delivery.objects.get(id=delivery.id).state


def test_a_receipt_is_applied_once_however_often_it_comes() -> None:
    a_sent_delivery()

    for _ in range(3):
        assert hear_batch([told("delivered")] * 5, at=datetime.now(UTC)) == []

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.delivered_at, delivery.succeeded) == ("delivered", AT, True)
    assert Event.objects.filter(kind="delivery.moved", actor="provider").count() == 1
    assert Notification.objects.get().status == "completed"


def test_a_bounce_after_delivery_is_news_and_a_delivery_after_a_bounce_is_not() -> None:
    a_sent_delivery()

    hear_batch([told("bounced", code="5.1.1"), told("delivered")], at=datetime.now(UTC))

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.error) == ("bounced", "provider_rejected", {"code": "5.1.1"})
    assert Notification.objects.get().status == "failed"


def test_engagement_stands_beside_the_state() -> None:
    a_sent_delivery()

    hear_batch([told("clicked"), told("complained")], at=datetime.now(UTC))

    assert Delivery.objects.get().state == "delivered"
    assert set(Event.objects.filter(actor="provider").values_list("kind", flat=True)) == {
        "delivery.moved", "delivery.clicked", "delivery.complained",
    }  # fmt: skip


def test_every_receipt_has_one_line_and_what_it_implies_has_its_own() -> None:
    a_sent_delivery()
    kinds: tuple[ReceiptKind, ...] = ("deferred", "opened", "delivered", "bounced")

    hear_batch([told(kind) for kind in kinds], at=datetime.now(UTC))

    lines = [
        (line.kind, line.detail.get("receipt"), line.detail.get("implied_by"))
        for line in Event.objects.filter(actor="provider").order_by("id")
    ]
    assert lines == [
        ("delivery.reported", "deferred", None),
        ("delivery.moved", None, "opened"),
        ("delivery.opened", "opened", None),
        ("delivery.reported", "delivered", None),
        ("delivery.moved", "bounced", None),
    ]


def test_a_receipt_proves_what_a_lost_answer_did_not_say() -> None:
    delivery = a_sent_delivery()
    Delivery.objects.update(state="sent", provider_message_id="m0")
    Delivery.objects.filter(id=delivery.id).delete()
    Notification.objects.all().delete()
    tenant = a_tenant("second")
    a_notification(tenant, recipients(tenant, "bob"), content=IN_APP)
    pipeline.plan(1)
    (claimed,) = claim_deliveries(1, limit=1)
    begin([(claimed, "inbox", OURS)], at=claimed.at, lease=15)

    assert hear_batch([told("delivered", delivery_id=claimed.id, provider_message_id="")], at=datetime.now(UTC)) == []

    assert Delivery.objects.get(id=claimed.id).state == "delivered"
    assert begin([(claimed, "inbox", OURS)], at=claimed.at, lease=15) == set()


def test_receipts_of_nobody_are_handed_back() -> None:
    orphan = told("delivered", delivery_id=uuid4(), provider_message_id="")

    assert hear_batch([orphan], at=datetime.now(UTC)) == [orphan]


def test_an_account_is_believed_about_its_own_deliveries_only() -> None:
    mine, foreign = a_sent_delivery("acme"), a_sent_delivery("globex", message_id="m2")
    bounce, other_account = "bounced", "inbox:other"
    attempts: list[Told] = [
        told(bounce, provider_message_id="m2", tenant_id=mine.tenant_id),
        told(bounce, provider_message_id="", delivery_id=foreign.id, tenant_id=mine.tenant_id),
        told(bounce, provider_message_id="m2", account=other_account),
        told(bounce, provider_message_id="", delivery_id=foreign.id, account=other_account),
    ]  # type: ignore[arg-type]

    assert hear_batch(attempts, at=datetime.now(UTC)) == attempts

    assert (state_of(mine), state_of(foreign)) == ("sent", "sent")


def test_two_accounts_may_use_the_same_name_for_different_messages() -> None:
    one, two = a_sent_delivery("acme", account="inbox:1"), a_sent_delivery("globex", account="inbox:2")

    hear_batch([told("bounced", account="inbox:1"), told("delivered", account="inbox:2")], at=datetime.now(UTC))

    assert (state_of(one), state_of(two)) == ("bounced", "delivered")


def test_a_batch_costs_the_same_whatever_its_size() -> None:
    queries = []
    for size in (2, 40):
        tenant = a_tenant(f"t{size}")
        people = recipients(tenant, *(f"p{n}" for n in range(size)))
        a_notification(tenant, people, content=IN_APP)
        pipeline.plan(1)
        claimed = claim_deliveries(1, limit=size)
        begin([(one, "inbox", OURS) for one in claimed], at=claimed[0].at, lease=15)
        heard = [told("bounced", delivery_id=one.id, provider_message_id=f"{one.id}") for one in claimed]
        with CaptureQueriesContext(connection) as captured:
            assert hear_batch(heard, at=datetime.now(UTC)) == []
        queries.append([query["sql"].split()[0] for query in captured])

    assert queries[0] == queries[1]
