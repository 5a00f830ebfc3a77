"""`/notifications` through the routes: accepting once, telling everything that is wrong, looking how it stands."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from ledger_api import Api, a_body, a_delivery, ids_of, problem

from audience.services import change_members, save_segment
from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from notifications.fields import AT_ONCE
from notifications.models import Notification, NotificationType
from notifications.rules.states import FANOUT
from tenants.asking import Statement, unasked
from tenants.idempotency import LostRace
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import make

AT = make.AT
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class TestAccepting:
    def test_202_says_where_it_is_and_what_will_be_done(self, api: Api, people: dict[str, UUID]) -> None:
        response = api("POST", "/notifications", a_body(priority="high", correlation_id="c"))

        body = json.loads(response.content)
        row = Notification.objects.get()
        assert response.status_code == 202
        assert response["Location"] == f"/api/v1/notifications/{row.id}"
        assert response["Content-Type"] == "application/json"
        assert "Idempotent-Replayed" not in response
        assert set(body) == {
            "id", "status", "type", "priority", "strategy", "recipient_count", "scheduled_at", "expires_at",
            "created_at", "correlation_id", "links",
        }  # fmt: skip
        assert (body["id"], body["status"], body["priority"]) == (str(row.id), "queued", "high")
        assert api.get(response["Location"])["id"] == body["id"]

    def test_it_works_with_a_slash_at_the_end_too(self, api: Api, people: dict[str, UUID]) -> None:
        assert api("POST", "/notifications/", a_body()).status_code == 202

    def test_it_is_kept_who_asked_in_which_trace_and_mode(
        self, tenant: Tenant, api_of: Callable[..., Api], people: dict[str, UUID]
    ) -> None:
        test_key = api_of(tenant, "send", mode="test")

        test_key("POST", "/notifications", a_body(), traceparent=TRACE)

        row = Notification.objects.get()
        assert (row.mode, row.actor.startswith("key:"), row.traceparent[3:35]) == ("test", True, TRACE[3:35])

    @pytest.mark.parametrize(
        ("body", "code", "errors"),
        [
            pytest.param(b"{", "malformed_json", [("", "invalid_json")], id="no JSON"),
            pytest.param(b"[]", "invalid", [("", "invalid_type")], id="no object"),
            pytest.param(b"null", "invalid", [("", "invalid_type")], id="null"),
            pytest.param(b"{}", "invalid", [("/type", "required"), ("/recipients", "required")], id="nothing"),
            pytest.param(b'{"a":1,"a":1}', "malformed_json", [("", "invalid_json")], id="a key twice"),
            pytest.param(
                {"recipient": "ana", "priority": "urgent", "tags": "x"},
                "invalid",
                [("/recipient", "unknown_field"), ("/priority", "invalid_choice"), ("/tags", "invalid_type")],
                id="shape: everything at once",
            ),
            pytest.param(
                a_body(recipients=[]), "invalid", [("/recipients", "too_few")], id="an empty list of recipients"
            ),
            pytest.param(
                a_body(recipients=["ana"] * 1001), "invalid", [("/recipients", "too_many")], id="1,001 recipients"
            ),
            pytest.param(
                a_body(recipients=["ana", 7, {"id": "x", "mail": "y"}]),
                "invalid",
                [("/recipients/1", "invalid_type"), ("/recipients/2/mail", "unknown_field")],
                id="malformed recipients",
            ),
            pytest.param(
                a_body(content={"email": {"subject": "x", "body": "y"}}),
                "invalid",
                [("/content/email/body", "unknown_field")],
                id="content of another shape",
            ),
            pytest.param(
                a_body(content={"fax": {"body": "y"}}), "invalid", [("/content/fax", "unknown_field")], id="no channel"
            ),
            pytest.param(
                a_body(content={"email": {"subject": " ", "text": "y"}}),
                "invalid",
                [("/content/email/subject", "required")],
                id="content that says nothing",
            ),
            pytest.param(
                a_body(scheduled_at="2026-12-25T10:00:00"),
                "invalid",
                [("/scheduled_at", "invalid_format")],
                id="a moment without offset",
            ),
            pytest.param(
                a_body(scheduled_local="2026-12-25T10:00:00Z"),
                "invalid",
                [("/scheduled_local", "invalid_format")],
                id="a local time with offset",
            ),
            pytest.param(
                a_body(recipients=["ana", "nobody"], strategy="x"),
                "invalid",
                [("/recipients/1", "recipient_not_found"), ("/strategy", "unknown_strategy")],
                id="meaning: everything at once",
            ),
        ],
    )
    def test_what_is_wrong_is_told_with_place_and_code(
        self, api: Api, people: dict[str, UUID], body: Any, code: str, errors: list[tuple[str, str]]
    ) -> None:
        response = api("POST", "/notifications", body)

        status, found, told = problem(response)
        assert (status, found) == (400 if code == "malformed_json" else 422, code)
        assert sorted(told) == sorted(errors)
        assert not Notification.objects.exists()

    def test_a_body_of_another_kind_or_size_is_refused(self, api: Api) -> None:
        assert problem(api("POST", "/notifications", b"a=1", **{"Content-Type": "text/plain"}))[0] == 415
        assert problem(api("POST", "/notifications", b'"' + b"x" * 1_100_000 + b'"'))[0] == 413

    def test_a_key_needs_its_scope(self, tenant: Tenant, api_of: Callable[..., Api], people: dict[str, UUID]) -> None:
        reader, sender = api_of(tenant, "read"), api_of(tenant, "send")

        assert problem(reader("POST", "/notifications", a_body()))[:2] == (403, "forbidden")
        assert problem(sender("GET", "/notifications"))[:2] == (403, "forbidden")
        assert problem(Api("nonsense")("POST", "/notifications", a_body()))[:2] == (401, "unauthorized")
        assert not Notification.objects.exists()

    def test_a_database_that_is_out_is_a_503_to_come_back_after(
        self, api: Api, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def out(*_: Any, **__: Any) -> None:
            raise OperationalError("server closed the connection")

        monkeypatch.setattr("notifications.services.accept.inserting", out)

        response = api("POST", "/notifications", a_body())

        assert problem(response)[:2] == (503, "unavailable")
        assert response["Retry-After"] == "2"

    def test_it_takes_a_dozen_statements(self, api: Api, people: dict[str, UUID]) -> None:
        api("POST", "/notifications", a_body())

        with CaptureQueriesContext(connection) as captured:
            api("POST", "/notifications", a_body(idempotency_key="k"))

        assert len(captured) <= 12


class TestOnce:
    @pytest.mark.parametrize("where", ["header", "body", "both"])
    def test_the_first_answer_again_byte_for_byte(self, api: Api, people: dict[str, UUID], where: str) -> None:
        headers = {} if where == "body" else {"Idempotency-Key": "order:1"}
        body = a_body(idempotency_key=None if where == "header" else "order:1")
        first = api("POST", "/notifications", body, **headers)

        again = api("POST", "/notifications", body, **headers)

        assert (first.status_code, again.status_code) == (202, 202)
        assert again.content == first.content
        assert (again["Idempotent-Replayed"], again["Location"]) == ("true", first["Location"])
        assert again["Content-Type"] == first["Content-Type"] == "application/json"
        assert Notification.objects.count() == 1

    def test_header_and_body_are_one_key(self, api: Api, people: dict[str, UUID]) -> None:
        first = api("POST", "/notifications", a_body(), **{"Idempotency-Key": "k"})

        assert api("POST", "/notifications", a_body(idempotency_key="k")).content == first.content
        assert Notification.objects.get().idempotency_key == "k"

    def test_two_keys_are_a_conflict(self, api: Api, people: dict[str, UUID]) -> None:
        response = api("POST", "/notifications", a_body(idempotency_key="a"), **{"Idempotency-Key": "b"})

        assert problem(response) == (
            422,
            "idempotency_key_conflict",
            [("/idempotency_key", "idempotency_key_conflict")],
        )
        assert not Notification.objects.exists()

    def test_another_body_is_refused(self, api: Api, people: dict[str, UUID]) -> None:
        api("POST", "/notifications", a_body(idempotency_key="k"))

        assert problem(api("POST", "/notifications", a_body(idempotency_key="k", data={"x": 1})))[:2] == (
            422,
            "idempotency_key_reused",
        )

    def test_a_lost_race_is_run_again_once(
        self, api: Api, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        races = iter([LostRace("once"), None, LostRace("twice"), LostRace("and again")])

        def lose(*_: Any, **__: Any) -> Statement[None]:
            if race := next(races):
                raise race
            return unasked(None)

        monkeypatch.setattr("notifications.services.accept.remembering", lose)

        assert api("POST", "/notifications", a_body(idempotency_key="a")).status_code == 202
        assert problem(api("POST", "/notifications", a_body(idempotency_key="b")))[:2] == (409, "idempotency_in_flight")
        assert Notification.objects.count() == 1


def statements(api: Api, path: str) -> int:
    """How many statements a GET takes, besides getting to know the key."""
    api.get("/types?limit=1")
    with CaptureQueriesContext(connection) as captured:
        api.get(path)
    return len(captured)


def a_row(tenant: Tenant, people: dict[str, UUID] | None = None, **facts: Any) -> Notification:
    """A notification that was planned ten milliseconds after it was accepted."""
    defaults = {
        "status": "processing",
        "planned_at": AT + timedelta(milliseconds=10),
        "due_at": None,
        "created_at": AT,
        "id": uuid7(AT),
    }
    return make.a_notification(tenant, people or {}, **{**defaults, **facts})


class TestLooking:
    def test_a_list_is_newest_first_and_in_pages(self, api: Api, tenant: Tenant) -> None:
        rows = [a_row(tenant, id=uuid7(AT + timedelta(seconds=i))) for i in range(5)]
        expected = [str(row.id) for row in reversed(rows)]

        first = api.get("/notifications?limit=2")
        second = api.get(first["next"])
        third = api.get(second["next"])

        pages = [[row["id"] for row in page["results"]] for page in (first, second, third)]
        assert pages == [expected[:2], expected[2:4], expected[4:]]
        assert third["next"] is None
        assert api.get(third["previous"])["results"] == second["results"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("type=order", {"b"}),
            ("status=completed", {"b"}),
            ("priority=critical", {"a"}),
            ("correlation_id=c-1", {"a"}),
            ("cancellation_key=cart", {"b"}),
            ("tag=x", {"a", "b"}),
            ("tag=y", {"b"}),
            ("mode=test", {"c"}),
            ("recipient=ana", {"a", "c"}),
            ("recipient=bob", {"b"}),
            ("recipient=nobody", set()),
            ("created_after=2026-11-20T12:00:00Z", {"b", "c"}),
            ("created_before=2026-11-20T12:00:00Z", {"a"}),
            ("created_from=2026-11-20T12:00:00Z&created_to=2026-11-20T13:00:00Z", {"b"}),
            ("created_after=0001-01-01T00:00:00Z", {"a", "b", "c"}),
            ("tag=x&priority=critical&recipient=ana", {"a"}),
        ],
    )
    def test_a_list_can_be_narrowed(
        self, api: Api, tenant: Tenant, people: dict[str, UUID], query: str, found: set[str]
    ) -> None:
        earlier, later = AT - timedelta(days=1), AT + timedelta(hours=1)
        rows = {
            "a": a_row(tenant, id=uuid7(earlier), created_at=earlier, priority=0, correlation_id="c-1", tags=["x"]),
            "b": a_row(
                tenant, type="order", status="completed", finished_at=AT, tags=["x", "y"], cancellation_key="cart"
            ),
            "c": a_row(
                tenant,
                {"ana": people["ana"]},
                id=uuid7(later),
                created_at=later,
                mode="test",
                status="scheduled",
                due_at=later + timedelta(days=1),
            ),
        }
        a_delivery(rows["a"], recipient_id=people["ana"])
        a_delivery(rows["b"], recipient_id=people["bob"])

        assert ids_of(api.get(f"/notifications?{query}")["results"]) == {str(rows[name].id) for name in found}

    @pytest.mark.parametrize(
        "query",
        ["status=nonsense", "priority=9", "created_after=yesterday", "colour=red", "limit=0", "cursor=x", "tag=%00"],
    )
    def test_a_narrowing_nobody_knows_is_refused(self, api: Api, query: str) -> None:
        assert problem(api("GET", f"/notifications?{query}"))[:2] == (422, "invalid")

    def test_a_page_costs_the_same_whatever_is_on_it(self, api: Api, tenant: Tenant) -> None:
        counted = set()
        for size in (1, 50):
            for _ in range(size):
                a_row(tenant, id=uuid7())
            counted.add(statements(api, "/notifications?limit=50"))

        assert counted == {6}  # savepoint, from where, to whom, the page, back, release

    def test_a_small_one_is_counted_as_it_is(self, api: Api, tenant: Tenant) -> None:
        row = a_row(
            tenant,
            type="order",
            recipient_count=14,
            planned_count=11,
            planned_at=None,
            first_sent_at=AT + timedelta(milliseconds=25.5),
            data={"order_id": "1"},
            metadata={"m": 1},
            tags=["t"],
            channels=["email"],
            cancellation_key="cart",
            idempotency_key="k",
            scheduled_at=AT - timedelta(hours=1),
        )
        for state in ("pending", "claimed", "sending", "unknown", "sent", "delivered", "bounced", "cancelled"):
            a_delivery(row, state=state)
        a_delivery(row, state="pending", due_at=AT + timedelta(days=3650), wait_reason="quiet_hours")
        a_delivery(row, state="pending", due_at=AT_ONCE)
        a_delivery(row, state="expired", reason="expired")
        a_delivery(row, state="skipped", reason="no_endpoint")
        a_delivery(row, state="skipped", reason="unsubscribed")
        a_delivery(row, state="failed", reason="invalid_address", error={"code": "5.1.1"}, failed_at=AT)
        for minutes in (1, 2):
            when = AT + timedelta(minutes=minutes)
            a_delivery(row, state="dead", reason="attempts_exhausted", error={"code": "timeout"}, failed_at=when)

        shown = api.get(f"/notifications/{row.id}")

        assert shown["deliveries"] == {
            "total": 16, "pending": 3, "queued": 3, "waiting": 1, "sending": 1, "sent": 1, "delivered": 1, "unknown": 1,
            "failed": 3, "bounced": 1, "skipped": 1, "cancelled": 1, "expired": 1, "unsubscribed": 1,
        }  # fmt: skip
        assert shown["metrics"] == {"orchestration_ms": None, "first_send_ms": 25.5}
        assert [(error["reason"], error["code"], error["count"]) for error in shown["errors"][:1]] == [
            ("attempts_exhausted", "timeout", 2)
        ]
        assert {error["reason"] for error in shown["errors"]} == {
            "attempts_exhausted", "invalid_address", "expired", "provider_error",
        }  # fmt: skip
        assert (shown["data"], shown["metadata"], shown["tags"], shown["channels"]) == (
            {"order_id": "1"},
            {"m": 1},
            ["t"],
            ["email"],
        )
        assert (shown["type"], shown["cancellation_key"], shown["idempotency_key"]) == ("order", "cart", "k")
        assert (shown["status"], shown["reason"], shown["finished_at"], shown["mode"]) == (
            "processing",
            None,
            None,
            "live",
        )

    def test_a_large_one_is_counted_from_its_tallies(self, api: Api, tenant: Tenant) -> None:
        row = a_row(tenant, recipient_count=FANOUT, planned_count=FANOUT)
        for _ in range(7):
            a_delivery(row, state="sent", tallied=True)
        a_delivery(row, state="pending", tallied=True)
        a_delivery(row, state="pending", due_at=AT + timedelta(days=3650), tallied=True)
        a_delivery(row, state="skipped", reason="unsubscribed", tallied=True)
        a_delivery(row, state="dead", reason="attempts_exhausted", tallied=True)

        shown = api.get(f"/notifications/{row.id}")

        told = {name: number for name, number in shown["deliveries"].items() if number}
        assert told == {"total": 11, "sent": 7, "queued": 1, "waiting": 1, "unsubscribed": 1, "failed": 1}
        assert [error["reason"] for error in shown["errors"]] == ["attempts_exhausted"]
        assert statements(api, f"/notifications/{row.id}") == 8  # the row, its tallies, what they cannot tell

    def test_a_large_one_whose_segment_grew_before_it_was_planned_is_counted_all_the_same(
        self, api: Api, tenant: Tenant
    ) -> None:
        row = a_row(tenant, recipient_count=FANOUT)
        a_delivery(row, state="sent", tallied=False)

        assert api.get(f"/notifications/{row.id}")["deliveries"]["sent"] == 1

    def test_what_is_scheduled_shows_when_and_to_which_segment(
        self, api: Api, tenant: Tenant, people: dict[str, UUID]
    ) -> None:
        with tenant_scope(tenant.id):
            segment, _ = save_segment(tenant_id=tenant.id, key="vip", name="", at=AT)
            change_members(segment, add=["ana", "bob"], remove=[], at=AT)
        body = a_body(recipients=None, segment="vip", scheduled_local="2027-12-25T10:00:00")

        created = json.loads(api("POST", "/notifications", body).content)
        shown = api.get(f"/notifications/{created['id']}")

        assert (shown["status"], shown["segment"], shown["scheduled_local"]) == (
            "scheduled",
            "vip",
            "2027-12-25T10:00:00",
        )
        assert (shown["recipient_count"], shown["deliveries"]["pending"], shown["deliveries"]["total"]) == (2, 2, 0)
        assert shown["metrics"] == {"orchestration_ms": None, "first_send_ms": None}

    def test_a_timeline_is_read_from_its_beginning(self, api: Api, tenant: Tenant) -> None:
        row = a_row(tenant)
        delivery = a_delivery(row)
        moments = [AT + timedelta(seconds=i) for i in range(5)]
        record(
            [
                NewEvent(tenant.id, "notification.accepted", moments[0], row.id, actor="key:1"),
                NewEvent(tenant.id, "delivery.planned", moments[1], row.id, delivery.id, "quiet_hours"),
                *(
                    NewEvent(tenant.id, "delivery.moved", at, row.id, delivery.id, detail={"to": "sent"})
                    for at in moments[2:]
                ),
            ]
        )

        first = api.get(f"/notifications/{row.id}/timeline?limit=2")
        rest = api.get(first["next"])

        assert first["results"] == [
            {
                "at": "2026-11-20T12:00:00Z",
                "kind": "notification.accepted",
                "reason": None,
                "detail": {},
                "actor": "key:1",
                "delivery_id": None,
            },
            {
                "at": "2026-11-20T12:00:01Z",
                "kind": "delivery.planned",
                "reason": "quiet_hours",
                "detail": {},
                "actor": None,
                "delivery_id": str(delivery.id),
            },
        ]
        assert [entry["detail"] for entry in rest["results"]] == [{"to": "sent"}] * 2
        assert len(api.get(rest["next"])["results"]) == 1
        assert len(api.get(f"/deliveries/{delivery.id}/timeline")["results"]) == 4


class TestCallingBack:
    def test_what_has_not_gone_out_is_stopped(self, api: Api, tenant: Tenant) -> None:
        row = a_row(tenant)
        a_delivery(row, state="pending")

        response = api("POST", f"/notifications/{row.id}/cancel")

        assert json.loads(response.content) == {"id": str(row.id), "status": "cancelled", "cancelled": 1}
        assert api("POST", f"/notifications/{row.id}/cancel").content == response.content
        assert api.get(f"/notifications/{row.id}")["reason"] == "cancelled"

    def test_what_has_finished_is_a_conflict(self, api: Api, tenant: Tenant) -> None:
        row = a_row(tenant, status="completed", finished_at=AT)

        assert problem(api("POST", f"/notifications/{row.id}/cancel"))[:2] == (409, "not_cancellable")

    def test_by_key(self, api: Api, tenant: Tenant) -> None:
        row = a_row(tenant, cancellation_key="cart-1")
        a_delivery(row, state="pending")

        response = api("POST", "/notifications/cancel", {"cancellation_key": "cart-1"})

        assert json.loads(response.content) == {"results": [{"id": str(row.id), "status": "cancelled", "cancelled": 1}]}
        again = api("POST", "/notifications/cancel", {"cancellation_key": "cart-1"})
        assert json.loads(again.content) == {"results": []}
        assert problem(api("POST", "/notifications/cancel", {}))[2] == [("/cancellation_key", "required")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/notifications/{notification}"),
        ("GET", "/notifications/{notification}/deliveries"),
        ("GET", "/notifications/{notification}/timeline"),
        ("POST", "/notifications/{notification}/cancel"),
        ("GET", "/deliveries/{delivery}"),
        ("GET", "/deliveries/{delivery}/timeline"),
        ("GET", "/types/{type}"),
    ],
)
def test_what_is_anothers_is_not_there(
    api: Api, api_of: Callable[..., Api], tenant: Tenant, stranger: Tenant, method: str, path: str
) -> None:
    row = a_row(tenant)
    delivery = a_delivery(row, state="pending")
    NotificationType.objects.create(tenant_id=tenant.id, key="order")
    outsider = api_of(stranger, "send", "manage")
    where = path.format(notification=row.id, delivery=delivery.id, type="order")
    nowhere = path.format(notification=uuid7(AT), delivery=uuid7(AT), type="nope")

    theirs, nobodys = outsider(method, where), outsider(method, nowhere)

    assert problem(theirs) == problem(nobodys) == (404, "not_found", [])
    delivery.refresh_from_db()
    assert delivery.state == "pending"
    assert api(method, where).status_code == 200


def test_lists_show_nothing_of_others(
    api_of: Callable[..., Api], tenant: Tenant, stranger: Tenant, people: dict[str, UUID]
) -> None:
    a_delivery(a_row(tenant), recipient_id=people["ana"])
    NotificationType.objects.create(tenant_id=tenant.id, key="order")
    make.recipients(stranger, "ana")
    outsider = api_of(stranger, "manage")

    for path in (
        "/notifications",
        "/notifications?recipient=ana",
        "/deliveries",
        "/deliveries?recipient=ana",
        "/types",
    ):
        assert outsider.get(path)["results"] == []
