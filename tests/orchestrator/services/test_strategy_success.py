"""A sequence goes on until what it wants has happened: sent, delivered, seen, read or clicked."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.services.engagement import mark, read_all, see_all
from channels_app.accounts import forget_accounts
from channels_app.values import Receipt, ReceiptKind
from notifications.models import Attempt, Delivery, NotificationType
from orchestrator import pipeline
from orchestrator.models import Strategy
from orchestrator.services.hearing import Told, hear_batch
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = {"email": {"subject": "Hi", "text": "Hi"}, **IN_APP}
STEPS = [{"channel": "in_app"}, {"channel": "email", "after_seconds": 3600}]


@pytest.fixture(autouse=True)
def _mail_with_receipts(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"sendgrid": {"api_key": "SG.x"}}
    forget_accounts()


def planned(success: str, *, steps: Any = STEPS, **facts: Any) -> Tenant:
    """Inbox first, e-mail an hour later, until `success`."""
    tenant = a_tenant()
    configuration = {"steps": steps, **({"success": success} if success else {})}
    Strategy.objects.create(
        tenant_id=tenant.id, key="until", name="until", kind="sequential", configuration=configuration
    )
    a_notification(tenant, recipients(tenant, "ana"), content=BOTH, strategy="until", **facts)
    assert pipeline.plan(1) == 1
    return tenant


def states() -> dict[str, tuple[str, str]]:
    return {d.channel: (d.state, d.reason) for d in Delivery.objects.all()}


STILL_WAITING = ("pending", "")
LEFT_OUT = ("skipped", "earlier_step_succeeded")


@pytest.mark.parametrize(
    ("success", "expected"),
    [
        ("", LEFT_OUT),
        ("sent", LEFT_OUT),
        ("delivered", LEFT_OUT),
        ("seen", STILL_WAITING),
        ("read", STILL_WAITING),
        ("clicked", STILL_WAITING),
    ],
)
def test_lying_in_the_inbox_is_enough_or_not(success: str, expected: tuple[str, str]) -> None:
    planned(success)

    assert pipeline.send(1) == 1

    assert states() == {"in_app": ("delivered", ""), "email": expected}


@pytest.mark.parametrize(
    ("success", "engagement", "expected"),
    [
        ("seen", "seen", LEFT_OUT),
        ("seen", "read", LEFT_OUT),
        ("read", "seen", STILL_WAITING),
        ("read", "read", LEFT_OUT),
        ("seen", "archive", STILL_WAITING),
        ("clicked", "read", LEFT_OUT),  # an inbox tells no more than that
    ],
)
def test_what_somebody_does_with_the_item_leaves_the_later_steps_out(
    success: str, engagement: str, expected: tuple[str, str]
) -> None:
    tenant = planned(success)
    pipeline.send(1)
    item = Delivery.objects.get(channel="in_app")

    with tenant_scope(tenant.id):
        mark(
            tenant_id=tenant.id,
            recipient_id=item.recipient_id,
            item_id=item.id,
            engagement=engagement,
            at=datetime.now(UTC),
            actor="ana",
        )

    assert states()["email"] == expected
    assert Delivery.objects.get(channel="in_app").succeeded is (expected == LEFT_OUT)


@pytest.mark.parametrize("sweep", [see_all, read_all])
def test_opening_the_inbox_counts_for_everything_in_it(sweep: Any) -> None:
    tenant = planned("seen")
    pipeline.send(1)
    ana = Delivery.objects.filter(channel="in_app").get().recipient_id

    with tenant_scope(tenant.id):
        sweep(tenant_id=tenant.id, recipient_id=ana, at=datetime.now(UTC), actor="ana")

    assert states()["email"] == LEFT_OUT


def test_seeing_what_no_strategy_waits_for_costs_one_look() -> None:
    tenant = planned("")
    pipeline.send(1)
    ana = Delivery.objects.filter(channel="in_app").get().recipient_id

    with (
        tenant_scope(tenant.id),
        CaptureQueriesContext(
            connection,
        ) as asked,
    ):
        see_all(tenant_id=tenant.id, recipient_id=ana, at=datetime.now(UTC), actor="ana")

    assert sum("notifications_delivery" in query["sql"] for query in asked.captured_queries) == 1


MAIL_FIRST = [{"channel": "email"}, {"channel": "in_app", "after_seconds": 3600}]


def a_mail_sent(success: str, **facts: Any) -> None:
    planned(success, steps=MAIL_FIRST, **facts)
    mail = Delivery.objects.get(channel="email")
    Delivery.objects.filter(id=mail.id).update(state="claimed", due_at=None, lease_until=datetime.now(UTC))
    Delivery.objects.filter(id=mail.id).update(state="sending", provider="sendgrid")
    Delivery.objects.filter(id=mail.id).update(state="sent", lease_until=None, provider_message_id="m1")
    Attempt.objects.create(
        id=mail.id, tenant_id=mail.tenant_id, delivery_id=mail.id, number=1, lease_epoch=0, provider="sendgrid",
        account="sendgrid", begun_at=datetime.now(UTC), ended_at=datetime.now(UTC), outcome="sent",
    )  # fmt: skip


def heard(*kinds: ReceiptKind) -> None:
    receipts = [Receipt(kind, datetime.now(UTC), provider_message_id="m1") for kind in kinds]
    assert hear_batch([Told(receipt, "sendgrid") for receipt in receipts], at=datetime.now(UTC)) == []


@pytest.mark.parametrize(
    ("success", "receipt", "expected"),
    [
        ("", "accepted", STILL_WAITING),
        ("", "delivered", LEFT_OUT),
        ("delivered", "opened", LEFT_OUT),
        ("seen", "delivered", STILL_WAITING),
        ("seen", "opened", LEFT_OUT),
        ("read", "opened", LEFT_OUT),
        ("clicked", "opened", STILL_WAITING),
        ("clicked", "clicked", LEFT_OUT),
        ("clicked", "complained", STILL_WAITING),
    ],
)
def test_receipts_tell_whether_it_is_enough(success: str, receipt: ReceiptKind, expected: tuple[str, str]) -> None:
    a_mail_sent(success)

    heard(receipt)

    assert states()["in_app"] == expected
    assert Delivery.objects.get(channel="email").succeeded is (expected == LEFT_OUT)


def test_it_is_noted_once_whatever_the_order() -> None:
    a_mail_sent("clicked")

    heard("clicked", "delivered", "opened")
    heard("delivered", "clicked")

    assert (states()["email"], states()["in_app"]) == (("delivered", ""), LEFT_OUT)
    assert Delivery.objects.get(channel="email").succeeded


def test_the_type_has_the_last_word() -> None:
    tenant = a_tenant()
    NotificationType.objects.create(tenant_id=tenant.id, key="otp", policy={"success": "clicked"})
    people = recipients(tenant, "ana")
    a_notification(tenant, people, content=BOTH, strategy="sequential", type="otp")

    pipeline.plan(1)

    assert {d.channel: d.success for d in Delivery.objects.all()} == {"email": "clicked", "in_app": "read"}


def test_where_nobody_will_tell_having_been_sent_is_enough(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()

    planned("seen")

    assert {d.channel: d.success for d in Delivery.objects.all()} == {"email": "sent", "in_app": "seen"}
