"""Receipts over real PostgreSQL: matched by delivery id or provider's id, applied once, whatever their order."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from channels_app.values import Receipt, ReceiptKind
from events.models import Event
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.hearing import hear_batch
from orchestrator.services.write import begin
from tests.make import AT, IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


def a_sent_delivery() -> Delivery:
    """A delivery that a provider accepted under the name `m1` and reports on."""
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)
    pipeline.plan(1)
    (claimed,) = claim_deliveries(1, limit=1)
    begin([(claimed, "inbox", "inbox")], at=claimed.at, lease=15)
    Delivery.objects.update(state="sent", lease_until=None, provider_message_id="m1", sent_at=AT)
    return Delivery.objects.get()


def receipt(kind: ReceiptKind, **facts: object) -> Receipt:
    return Receipt(kind, AT, **{"provider_message_id": "m1", **facts})  # type: ignore[arg-type]


def test_a_receipt_is_applied_once_however_often_it_comes() -> None:
    a_sent_delivery()

    for _ in range(3):
        assert hear_batch([receipt("delivered")] * 5, at=datetime.now(UTC)) == []

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.delivered_at, delivery.succeeded) == ("delivered", AT, True)
    assert Event.objects.filter(kind="delivery.moved", actor="provider").count() == 1
    assert Notification.objects.get().status == "completed"


def test_a_bounce_after_delivery_is_news_and_a_delivery_after_a_bounce_is_not() -> None:
    a_sent_delivery()

    hear_batch([receipt("bounced"), receipt("delivered")], at=datetime.now(UTC))

    assert Delivery.objects.get().state == "bounced"
    assert Notification.objects.get().status == "failed"


def test_engagement_stands_beside_the_state() -> None:
    a_sent_delivery()

    hear_batch([receipt("clicked"), receipt("complained")], at=datetime.now(UTC))

    assert Delivery.objects.get().state == "delivered"
    assert set(Event.objects.filter(actor="provider").values_list("kind", flat=True)) == {
        "delivery.moved", "delivery.clicked", "delivery.complained",
    }  # fmt: skip


def test_a_receipt_proves_what_a_lost_answer_did_not_say() -> None:
    delivery = a_sent_delivery()
    tenant_row = Notification.objects.get()
    Delivery.objects.filter(id=delivery.id).delete()
    Notification.objects.filter(id=tenant_row.id).delete()
    tenant = a_tenant("second")
    a_notification(tenant, recipients(tenant, "bob"), content=IN_APP)
    pipeline.plan(1)
    (claimed,) = claim_deliveries(1, limit=1)

    assert hear_batch([Receipt("delivered", AT, delivery_id=claimed.id)], at=datetime.now(UTC)) == []

    assert Delivery.objects.get(id=claimed.id).state == "delivered"
    assert begin([(claimed, "inbox", "inbox")], at=claimed.at, lease=15) == set()


def test_receipts_of_nobody_are_handed_back() -> None:
    orphan = Receipt("delivered", AT, delivery_id=uuid4())

    assert hear_batch([orphan], at=datetime.now(UTC)) == [orphan]
