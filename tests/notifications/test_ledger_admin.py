"""The ledger as operators see it: to read, to find by id; types to make and change."""

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from ledger_api import a_delivery, an_attempt

from audience.models import Endpoint
from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from notifications import admin as admin_module
from notifications.models import Delivery, Notification, NotificationType
from tenants.models import AuditEntry, Tenant
from tests import make

AT = make.AT
pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(tenant: Tenant) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga", password="a long password"))
    return client


@pytest.fixture
def delivery(tenant: Tenant, people: dict[str, UUID]) -> Delivery:
    """To Ana, in the second attempt, with a story."""
    row = make.a_notification(
        tenant, people, id=uuid7(AT), created_at=AT, status="processing", planned_at=AT, due_at=None
    )
    endpoint = Endpoint.objects.get(recipient_id=people["ana"])
    delivery = a_delivery(row, recipient_id=people["ana"], endpoint_id=endpoint.id, state="sending", attempts=2)
    an_attempt(delivery, number=1, outcome="retry", code="timeout", detail="<b>no answer</b>")
    an_attempt(delivery, number=2, outcome="")
    record([NewEvent(tenant.id, "delivery.planned", AT, row.id, delivery.id, "schedule", {"x": "<i>"}, "key:1")])
    return delivery


def text(response: HttpResponse) -> str:
    assert response.status_code == 200, response.content
    return response.content.decode()


def page(client: Client, model: str, id: object) -> str:
    return text(client.get(f"/admin/notifications/{model}/{id}/change/"))


def test_a_notification_shows_how_it_stands_its_deliveries_and_its_story(operator: Client, delivery: Delivery) -> None:
    shown = page(operator, "notification", delivery.notification_id)

    for expected in ("sending: 1", ">ana<", str(delivery.id), "delivery.planned", "schedule", "key:1"):
        assert expected in shown
    assert "ana@example.org" not in shown
    assert "<i>" not in shown


def test_a_delivery_shows_its_calls_and_its_story(operator: Client, delivery: Delivery) -> None:
    shown = page(operator, "delivery", delivery.id)

    for expected in (">ana<", "timeout", "open", "delivery.planned", "&lt;b&gt;no answer"):
        assert expected in shown
    assert "ana@example.org" not in shown


def test_an_attempt_can_be_read(operator: Client, delivery: Delivery) -> None:
    assert "smtp" in text(operator.get("/admin/notifications/attempt/"))


@pytest.mark.parametrize(
    ("model", "by"),
    [
        ("notification", "notification_id"),
        ("delivery", "id"),
        ("delivery", "notification_id"),
        ("delivery", "recipient_id"),
        ("attempt", "id"),
    ],
)
def test_rows_are_found_by_whole_ids_through_an_index(
    operator: Client, delivery: Delivery, model: str, by: str
) -> None:
    path = f"/admin/notifications/{model}/"

    with CaptureQueriesContext(connection) as captured:
        found = text(operator.get(path, {"q": f" {getattr(delivery, by)} "}))

    assert "result_list" in found
    assert "UPPER" not in " ".join(query["sql"] for query in captured)
    for nothing in (str(uuid7(AT)), "order-1", "%"):
        assert "result_list" not in text(operator.get(path, {"q": nothing}))


def test_lists_are_not_counted_to_their_end(
    operator: Client, delivery: Delivery, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_module, "MOST_COUNTED", 2)
    for _ in range(4):
        make.a_notification(tenant, {})

    answer = operator.get("/admin/notifications/notification/")

    assert (answer.context["cl"].result_count, answer.context["cl"].full_result_count) == (2, None)


@pytest.mark.parametrize("query", ["status__exact=processing", "priority__exact=1", "mode=test"])
def test_lists_can_be_narrowed(operator: Client, delivery: Delivery, query: str) -> None:
    assert operator.get(f"/admin/notifications/notification/?{query}").status_code == 200


@pytest.mark.parametrize("model", ["notification", "delivery", "attempt"])
def test_the_ledger_is_only_read(operator: Client, delivery: Delivery, model: str) -> None:
    id = {"notification": delivery.notification_id}.get(model, delivery.id)

    assert operator.get(f"/admin/notifications/{model}/add/").status_code == 403
    assert operator.post(f"/admin/notifications/{model}/{id}/change/", {"status": "failed"}).status_code in (302, 403)
    assert operator.post(f"/admin/notifications/{model}/{id}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert Notification.objects.get().status == "processing"
    assert Delivery.objects.get().state == "sending"


def fields(**facts: Any) -> dict[str, Any]:
    return {
        "key": "order",
        "name": "Order",
        "category": "",
        "priority": "1",
        "strategy": "immediate",
        "channels": "email,sms",
        "template": "",
        "ttl_seconds": "600",
        "unknown_policy": "at_least_once",
        **facts,
    }


def test_a_type_is_made_and_changed_and_both_are_written_down(operator: Client, tenant: Tenant) -> None:
    made = operator.post("/admin/notifications/notificationtype/add/", fields(tenant=str(tenant.id)))
    row = NotificationType.objects.get()
    assert "Acme" in page(operator, "notificationtype", row.id)  # and there is no choosing another one
    changed = operator.post(f"/admin/notifications/notificationtype/{row.id}/change/", fields(priority="0"))

    assert (made.status_code, changed.status_code) == (302, 302)
    row.refresh_from_db()
    assert (row.tenant_id, row.key, row.priority, row.channels) == (tenant.id, "order", 0, ["email", "sms"])
    trail = AuditEntry.objects.filter(tenant_id=tenant.id, object="type:order")
    assert [entry.actor for entry in trail] == ["user:olga", "user:olga"]
    assert "Acme" in text(operator.get("/admin/notifications/notificationtype/"))


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"key": "an order"}, "cannot name a type"),
        ({"channels": "email,fax"}, "no channel"),
        ({"strategy": "nonsense"}, "no strategy"),
        ({"key": "taken"}, "has a type"),
        ({"tenant": ""}, "This field is required"),
    ],
)
def test_a_type_is_checked_as_by_the_api(operator: Client, tenant: Tenant, facts: dict[str, str], says: str) -> None:
    NotificationType.objects.create(tenant_id=tenant.id, key="taken")

    answer = operator.post("/admin/notifications/notificationtype/add/", fields(tenant=str(tenant.id)) | facts)

    assert says in text(answer)
    assert NotificationType.objects.count() == 1


def test_a_type_is_deleted_and_it_is_written_down(operator: Client, tenant: Tenant) -> None:
    rows = [NotificationType.objects.create(tenant_id=tenant.id, key=key) for key in ("a", "b")]

    operator.post(f"/admin/notifications/notificationtype/{rows[0].id}/delete/", {"post": "yes"})
    operator.post(
        "/admin/notifications/notificationtype/",
        {"action": "delete_selected", "_selected_action": str(rows[1].id), "post": "yes"},
    )

    assert not NotificationType.objects.exists()
    assert set(AuditEntry.objects.filter(action="type.deleted").values_list("object", flat=True)) == {
        "type:a",
        "type:b",
    }
