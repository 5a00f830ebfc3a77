"""`/suppressions`: found by address without showing it, added by hand, lifted with a reason, apart by tenant."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from preferences.address_hash import Contact
from preferences.models import Suppression
from preferences.rules import Reason
from preferences.services import NewSuppression, suppress
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key

pytestmark = pytest.mark.django_db

Api = Callable[..., HttpResponse]
ANA = {"channel": "email", "address": "Ana@EXAMPLE.org", "note": "asked by phone"}


@pytest.fixture
def tenant_id(at: datetime) -> UUID:
    return create_tenant("acme", name="Acme", actor="test", at=at).id


def api_of(tenant_id: UUID, at: datetime, scope: str = "manage") -> Api:
    with tenant_scope(tenant_id):
        key = issue_key(tenant_id, mode="live", scopes=[scope], actor="test", at=at).text

    def call(method: str, path: str, body: Any = None) -> HttpResponse:
        return Client().generic(
            method,
            f"/api/v1/suppressions{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return call


@pytest.fixture
def api(tenant_id: UUID, at: datetime) -> Api:
    return api_of(tenant_id, at)


def test_one_is_added_found_by_its_address_and_never_shown_in_full(api: Api, tenant_id: UUID) -> None:
    answer = api("POST", "", ANA)

    assert answer.status_code == 201
    (added,) = answer.json()["results"]
    assert (added["channel"], added["address"], added["reason"], added["scope"], added["note"]) == (
        "email", "A•••@example.org", "manual", "", "asked by phone",
    )  # fmt: skip
    found = api("GET", "?channel=email&address=ana@example.ORG").json()["results"]
    assert [row["id"] for row in found] == [added["id"]]
    assert api("GET", "?channel=email&address=bob@example.org").json()["results"] == []
    assert "ana@example.org" not in answer.content.decode().lower()
    entry = AuditEntry.objects.get(action="suppression.added")
    assert (entry.tenant_id, entry.object, entry.detail) == (tenant_id, f"suppression:{added['id']}", {"number": 1})


def test_many_are_added_at_once_and_again_is_no_error(api: Api) -> None:
    many = [{"channel": "sms", "address": f"+336123456{n:02}", "scope": "category:marketing"} for n in range(50)]
    api("POST", "", ANA)
    queries = []
    for body in (many[:1], many):
        api("GET", "")  # keys are read
        with CaptureQueriesContext(connection) as captured:
            answer = api("POST", "", {"suppressions": body})
        assert answer.status_code == 201
        queries.append(len(captured))

    assert len(answer.json()["results"]) == 49
    assert Suppression.objects.count() == 51
    assert queries[0] == queries[1]
    assert api("POST", "", {"suppressions": many}).json() == {"results": []}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"channel": "email", "address": "nobody"}, "/address", "invalid_email"),
        ({"channel": "fax", "address": "1"}, "/channel", "unknown_channel"),
        ({"channel": "email"}, "/address", "required"),
        ({"address": "ana@example.org"}, "/channel", "required"),
        ({**ANA, "scope": "marketing"}, "/scope", "invalid_format"),
        ({**ANA, "suppressions": [{"channel": "email", "address": "b@example.org"}]}, "/suppressions", "contradiction"),
        (
            {"suppressions": [{"channel": "sms", "address": "+33612345678"}, {"channel": "sms", "address": "12"}]},
            "/suppressions/1/address",
            "invalid_phone",
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(api: Api, body: Any, pointer: str, code: str) -> None:
    answer = api("POST", "", body)

    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert not Suppression.objects.exists()


def test_lifting_needs_a_reason_and_happens_once(api: Api) -> None:
    (added,) = api("POST", "", ANA).json()["results"]

    assert api("POST", f"/{added['id']}/lift", {}).status_code == 422
    lifted = api("POST", f"/{added['id']}/lift", {"reason": "the mailbox exists again"})
    again = api("POST", f"/{added['id']}/lift", {"reason": "twice"})

    assert lifted.status_code == 200
    assert lifted.json()["lift_reason"] == "the mailbox exists again"
    assert lifted.json()["lifted_by"].startswith("key:")
    assert (again.status_code, again.json()["code"]) == (409, "already_lifted")
    assert AuditEntry.objects.filter(action="suppression.lifted").count() == 1
    assert [len(api("GET", f"?in_force={word}").json()["results"]) for word in ("true", "false")] == [0, 1]


def test_lists_are_narrowed(api: Api, tenant_id: UUID, at: datetime) -> None:
    for reason in Reason:
        contact = Contact(tenant_id, "email", f"{reason}@example.org")
        suppress(
            [NewSuppression(contact, reason, "category:x" if reason is Reason.UNSUBSCRIBE else "")], source="t", at=at
        )

    def reasons(query: str) -> list[str]:
        return sorted(row["reason"] for row in api("GET", query).json()["results"])

    assert len(reasons("")) == 5
    assert reasons("?reason=stop") == ["stop"]
    assert reasons("?scope=category:x") == ["unsubscribe"]
    assert reasons("?channel=sms") == []
    assert reasons("?created_after=2030-01-01T00:00:00Z") == []
    assert api("GET", "?nonsense=1").status_code == 422


def test_another_tenants_are_neither_seen_nor_lifted(api: Api, at: datetime) -> None:
    (added,) = api("POST", "", ANA).json()["results"]
    other = api_of(create_tenant("globex", name="Globex", actor="test", at=at).id, at)

    assert other("GET", "").json()["results"] == []
    assert other("POST", f"/{added['id']}/lift", {"reason": "mine now"}).status_code == 404
    assert Suppression.objects.get().lifted_at is None


def test_reading_needs_less_than_writing(tenant_id: UUID, at: datetime) -> None:
    reader = api_of(tenant_id, at, scope="read")

    assert reader("GET", "").status_code == 200
    assert reader("POST", "", ANA).status_code == 403
