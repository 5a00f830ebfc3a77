"""`/api-keys` and `/audit`."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from tenants_speaking import Api, problem

from kernel.clock import iso, now
from kernel.ids import uuid7
from tenants import keys
from tenants.models import ApiKey, AuditEntry, IdempotencyRecord, Tenant
from tenants.rules.key_text import parse

pytestmark = pytest.mark.django_db
ApiOf = Callable[..., Api]
KEYS = "/api/v1/api-keys"


@pytest.fixture
def admin(acme: Tenant, api_of: ApiOf) -> Api:
    return api_of(acme, "admin")


def said(answer: HttpResponse) -> Any:
    return json.loads(answer.content)


def test_an_issued_key_opens_what_its_scopes_say(admin: Api) -> None:
    answer = admin("POST", KEYS, {"name": "reader", "scopes": ["manage"]})

    issued = said(answer)
    assert answer.status_code == 201
    assert answer["Location"] == f"{KEYS}/{issued['id']}"
    assert parse(issued["key"]) is not None
    assert issued["key"].startswith(issued["prefix"] + "_")
    assert (issued["mode"], issued["scopes"], issued["name"]) == ("live", ["manage"], "reader")
    assert Api(issued["key"])("GET", KEYS).status_code == 403


def test_the_secret_is_shown_once(admin: Api) -> None:
    issued = said(admin("POST", KEYS, {"scopes": ["send"]}))

    shown = said(admin("GET", answer_path(issued)))
    listed = said(admin("GET", KEYS))["results"]

    secret = parse(issued["key"]).secret  # type: ignore[union-attr]
    assert secret not in json.dumps([shown, listed])
    assert shown in listed
    assert set(shown) == {
        "id", "name", "mode", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at",
    }  # fmt: skip


def answer_path(issued: dict[str, Any]) -> str:
    return f"{KEYS}/{issued['id']}"


def test_an_idempotency_key_is_not_honoured_since_it_would_store_the_secret(admin: Api) -> None:
    answers = [admin("POST", KEYS, {"scopes": ["send"]}, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert said(answers[0])["key"] != said(answers[1])["key"]
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/scopes", "required"),
        ({"scopes": []}, "/scopes", "too_few"),
        ({"scopes": ["root"]}, "/scopes/0", "invalid_choice"),
        ({"scopes": ["read"], "mode": "prod"}, "/mode", "invalid_choice"),
        ({"scopes": ["read"], "name": "x" * 201}, "/name", "too_long"),
        ({"scopes": ["read"], "expires_at": "soon"}, "/expires_at", "invalid_format"),
        ({"scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at", "too_small"),
    ],
)
def test_what_cannot_be_issued(admin: Api, body: Any, pointer: str, code: str) -> None:
    before = ApiKey.objects.count()

    found = problem(admin("POST", KEYS, body))

    assert [(error["pointer"], error["code"]) for error in found["errors"]] == [(pointer, code)]
    assert ApiKey.objects.count() == before


def test_a_key_can_be_made_to_expire(admin: Api) -> None:
    end = now() + timedelta(days=1)

    issued = said(admin("POST", KEYS, {"scopes": ["read"], "expires_at": iso(end)}))

    assert issued["expires_at"] == iso(end)
    assert ApiKey.objects.get(id=issued["id"]).expires_at == end


def test_a_test_key_issues_test_keys_only(acme: Tenant, api_of: ApiOf) -> None:
    test_admin = api_of(acme, "admin", mode="test")

    assert problem(test_admin("POST", KEYS, {"scopes": ["read"], "mode": "live"}))["code"] == "forbidden"
    assert test_admin("POST", KEYS, {"scopes": ["read"], "mode": "test"}).status_code == 201


def test_a_live_key_issues_both(admin: Api) -> None:
    assert admin("POST", KEYS, {"scopes": ["read"], "mode": "test"}).status_code == 201


@pytest.mark.parametrize("scope", ["read", "send", "manage"])
@pytest.mark.parametrize(("method", "path"), [("GET", KEYS), ("POST", KEYS), ("GET", "/api/v1/audit")])
def test_only_admins_see_to_access(acme: Tenant, api_of: ApiOf, scope: str, method: str, path: str) -> None:
    assert api_of(acme, scope)(method, path, {"scopes": ["admin"]}).status_code == 403


def test_a_revoked_key_opens_nothing(admin: Api) -> None:
    issued = said(admin("POST", KEYS, {"scopes": ["admin"]}))
    other = Api(issued["key"])
    assert other("GET", KEYS).status_code == 200

    answers = [admin("DELETE", answer_path(issued)) for _ in range(2)]
    keys.forget_all()  # in the test's transaction nothing commits; test_keys has the real thing

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]
    assert other("GET", KEYS).status_code == 401
    assert said(admin("GET", answer_path(issued)))["revoked_at"] is not None
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_key_of_somebody_else_is_not_there(admin: Api, globex: Tenant, api_of: ApiOf, method: str) -> None:
    api_of(globex, "admin")
    foreign = ApiKey.objects.get(tenant=globex)

    theirs = problem(admin(method, f"{KEYS}/{foreign.id}"))
    nobodys = problem(admin(method, f"{KEYS}/{uuid7()}"))

    assert theirs == nobodys | {"request_id": theirs["request_id"]}
    assert theirs["status"] == 404
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_keys_are_found_by_mode_and_whether_they_are_revoked(admin: Api) -> None:
    test_key = said(admin("POST", KEYS, {"scopes": ["read"], "mode": "test"}))
    admin("DELETE", answer_path(test_key))

    assert [key["id"] for key in said(admin("GET", f"{KEYS}?mode=test"))["results"]] == [test_key["id"]]
    assert [key["id"] for key in said(admin("GET", f"{KEYS}?revoked=true"))["results"]] == [test_key["id"]]
    assert [key["mode"] for key in said(admin("GET", f"{KEYS}?revoked=false"))["results"]] == ["live"]


def test_the_trail_tells_who_did_what(admin: Api, acme: Tenant) -> None:
    issued = said(admin("POST", KEYS, {"name": "x", "scopes": ["read"]}))

    (line,) = said(admin("GET", f"/api/v1/audit?object=key:{issued['prefix'][-8:]}"))["results"]

    assert line["action"] == "api_key.issued"
    assert line["actor"] == f"key:{parse(admin.credential).public_id}"  # type: ignore[union-attr]
    assert line["detail"] == {"mode": "live", "scopes": ["read"], "name": "x"}
    assert line["at"].endswith("Z")


def test_the_trail_of_somebody_else_is_not_seen(admin: Api, globex: Tenant, api_of: ApiOf) -> None:
    theirs = {line["id"] for line in said(api_of(globex, "admin")("GET", "/api/v1/audit"))["results"]}
    mine = {line["id"] for line in said(admin("GET", "/api/v1/audit"))["results"]}

    assert len(theirs) == 2
    assert mine.isdisjoint(theirs)


def test_an_id_that_is_none_is_no_address(admin: Api) -> None:
    assert problem(admin("GET", f"{KEYS}/{uuid4().hex[:-1]}"))["code"] == "not_found"
