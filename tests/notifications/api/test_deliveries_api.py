"""`/deliveries`: what became of each, searched, masked and with every provider call."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ledger_api import Api, a_delivery, an_attempt, ids_of, problem

from audience.models import Endpoint
from audience.services import erase
from kernel.ids import uuid7
from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification
from tenants.models import Tenant
from tests import make

AT = make.AT
FIELDS = {
    "id", "notification", "recipient", "channel", "endpoint", "status", "reason", "wait_reason", "dead_letter", "step",
    "mode", "provider", "provider_message_id", "attempts", "created_at", "due_at", "expires_at", "sent_at",
    "delivered_at", "failed_at", "error", "cost", "template", "metrics", "links",
}  # fmt: skip


@pytest.fixture
def row(tenant: Tenant) -> Notification:
    return a_row(tenant)


def a_row(tenant: Tenant, **facts: Any) -> Notification:
    defaults = {"status": "processing", "planned_at": AT, "due_at": None, "created_at": AT, "id": uuid7(AT)}
    return make.a_notification(tenant, {}, **{**defaults, **facts})


def to_ana(row: Notification, people: dict[str, UUID], **facts: Any) -> Delivery:
    """A delivery to Ana's e-mail address."""
    endpoint = Endpoint.objects.get(recipient_id=people["ana"])
    return a_delivery(row, recipient_id=people["ana"], endpoint_id=endpoint.id, **facts)


def test_a_delivery_tells_whom_it_reached_where_and_how_fast(
    api: Api, row: Notification, people: dict[str, UUID]
) -> None:
    delivery = to_ana(
        row,
        people,
        state="delivered",
        provider="smtp",
        provider_message_id="<1@mail>",
        attempts=1,
        sent_at=AT + timedelta(milliseconds=40),
        delivered_at=AT + timedelta(seconds=2),
    )

    (shown,) = api.get(f"/notifications/{row.id}/deliveries")["results"]

    assert set(shown) == FIELDS
    assert shown == {
        **shown,
        "id": str(delivery.id),
        "notification": str(row.id),
        "recipient": "ana",
        "channel": "email",
        "endpoint": "a•••@example.org",
        "status": "delivered",
        "reason": None,
        "provider": "smtp",
        "provider_message_id": "<1@mail>",
        "attempts": 1,
        "due_at": None,
        "sent_at": "2026-11-20T12:00:00.040000Z",
        "delivered_at": "2026-11-20T12:00:02Z",
        "failed_at": None,
        "error": None,
        "cost": None,
        "metrics": {"send_ms": 40.0, "deliver_ms": 1960.0},
        "dead_letter": False,
    }


def test_a_dead_letter_is_a_failure_that_says_so(api: Api, row: Notification, people: dict[str, UUID]) -> None:
    to_ana(row, people, state="dead", reason="attempts_exhausted", error={"code": "timeout", "detail": "no answer"})

    (shown,) = api.get(f"/notifications/{row.id}/deliveries")["results"]

    assert (shown["status"], shown["dead_letter"], shown["reason"]) == ("failed", True, "attempts_exhausted")
    assert shown["error"] == {"code": "timeout", "detail": "no answer"}


def test_what_waits_says_what_for_and_until_when(api: Api, row: Notification, people: dict[str, UUID]) -> None:
    far = AT + timedelta(days=3650)
    to_ana(row, people, state="pending", wait_reason="quiet_hours", due_at=far)
    a_delivery(row, state="pending", due_at=AT_ONCE)

    shown = {d["status"]: d for d in api.get(f"/notifications/{row.id}/deliveries")["results"]}

    assert (shown["waiting"]["reason"], shown["waiting"]["due_at"]) == ("quiet_hours", "2036-11-17T12:00:00Z")
    assert (shown["queued"]["reason"], shown["queued"]["due_at"]) == (None, None)


def test_an_erased_person_is_nobody(api: Api, row: Notification, people: dict[str, UUID], tenant: Tenant) -> None:
    delivery = to_ana(row, people, state="sent")
    erase(tenant_id=tenant.id, external_id="ana", actor="test", at=AT)

    shown = api.get(f"/deliveries/{delivery.id}")

    assert (shown["recipient"], shown["endpoint"], shown["status"]) == (None, None, "sent")


def test_one_delivery_comes_with_its_calls(api: Api, row: Notification, people: dict[str, UUID]) -> None:
    delivery = to_ana(row, people, state="sending", attempts=2)
    an_attempt(delivery, number=2, outcome="")
    an_attempt(delivery, number=1, outcome="retry", code="timeout", detail="no answer within 10 s")

    shown = api.get(f"/deliveries/{delivery.id}")

    assert shown["attempt_count"] == 2
    assert shown["attempts"] == [
        {
            "number": 1,
            "provider": "smtp",
            "account": "smtp",
            "begun_at": "2026-11-20T12:00:00Z",
            "ended_at": "2026-11-20T12:00:00Z",
            "duration_ms": 0.0,
            "outcome": "retry",
            "code": "timeout",
            "detail": "no answer within 10 s",
            "provider_message_id": None,
        },
        {
            "number": 2,
            "provider": "smtp",
            "account": "smtp",
            "begun_at": "2026-11-20T12:00:00Z",
            "ended_at": None,
            "duration_ms": None,
            "outcome": None,
            "code": None,
            "detail": None,
            "provider_message_id": None,
        },
    ]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("pending", {"due", "later"}),
        ("queued", {"due", "claimed"}),
        ("waiting", {"later"}),
        ("sending", {"sending"}),
        ("failed", {"failed", "dead"}),
        ("skipped", {"skipped"}),
        ("unsubscribed", {"unsubscribed"}),
        ("delivered", set()),
    ],
)
def test_a_list_by_status(api: Api, row: Notification, status: str, found: set[str]) -> None:
    rows = {
        "due": a_delivery(row, state="pending", due_at=AT_ONCE),
        "later": a_delivery(row, state="pending", due_at=AT + timedelta(days=3650)),
        "claimed": a_delivery(row, state="claimed"),
        "sending": a_delivery(row, state="sending"),
        "failed": a_delivery(row, state="failed"),
        "dead": a_delivery(row, state="dead"),
        "skipped": a_delivery(row, state="skipped", reason="no_endpoint"),
        "unsubscribed": a_delivery(row, state="skipped", reason="unsubscribed"),
    }
    expected = {str(rows[name].id) for name in found}

    assert ids_of(api.get(f"/notifications/{row.id}/deliveries?status={status}")["results"]) == expected
    assert ids_of(api.get(f"/deliveries?status={status}")["results"]) == expected


def test_lists_can_be_narrowed(api: Api, tenant: Tenant, people: dict[str, UUID]) -> None:
    before = AT - timedelta(days=1)
    first, second = a_row(tenant), a_row(tenant, id=uuid7(before))
    a = to_ana(first, people, state="sent", provider="smtp")
    b = a_delivery(first, state="failed", channel="sms", reason="invalid_address", recipient_id=people["bob"])
    c = a_delivery(second, state="sent", channel="sms")
    found = {
        query: ids_of(api.get(f"/deliveries?{query}")["results"])
        for query in (
            "channel=sms",
            "provider=smtp",
            "reason=invalid_address",
            "recipient=bob",
            "recipient=nobody",
            f"notification={first.id}",
            "created_after=2026-11-20T12:00:00Z",
            "created_before=2026-11-20T12:00:00Z",
        )
    }

    assert list(found.values()) == [
        {str(b.id), str(c.id)},
        {str(a.id)},
        {str(b.id)},
        {str(b.id)},
        set(),
        {str(a.id), str(b.id)},
        {str(a.id), str(b.id)},
        {str(c.id)},
    ]
    of_first = api.get(f"/notifications/{first.id}/deliveries?channel=sms&recipient=bob")["results"]
    assert ids_of(of_first) == {str(b.id)}
    assert problem(api("GET", "/deliveries?status=lost"))[:2] == (422, "invalid")
    assert problem(api("GET", "/deliveries?notification=x"))[:2] == (422, "invalid")


def test_pages_of_one_notification_cover_it_once(api: Api, row: Notification) -> None:
    expected = {str(a_delivery(row).id) for _ in range(7)}
    seen: list[str] = []
    url: str | None = f"/notifications/{row.id}/deliveries?limit=3"
    while url:
        page = api.get(url)
        seen += [shown["id"] for shown in page["results"]]
        url = page["next"]

    assert (len(seen), set(seen)) == (7, expected)


def test_a_page_costs_the_same_whatever_is_on_it(api: Api, row: Notification, tenant: Tenant) -> None:
    found = set()
    for names in (["solo"], [f"u{i}" for i in range(60)]):
        people = make.recipients(tenant, *names)
        endpoints = dict(Endpoint.objects.filter(recipient_id__in=people.values()).values_list("recipient_id", "id"))
        for id in people.values():
            a_delivery(row, recipient_id=id, endpoint_id=endpoints[id])
        api.get("/types?limit=1")
        for path in (f"/notifications/{row.id}/deliveries?limit=100", "/deliveries?limit=100"):
            with CaptureQueriesContext(connection) as captured:
                assert api.get(path)["results"][0]["endpoint"] is not None
            found.add((path.partition("?")[0], len(captured)))

    # Savepoint, from where, to whom, (the notification,) the page, people, addresses, back, release.
    assert found == {(f"/notifications/{row.id}/deliveries", 9), ("/deliveries", 8)}
