"""`/provider-accounts` and `/channels`: a tenant's own accounts, their secrets never shown, nobody else's ever seen."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from channels_app.accounts import account_of_hook, accounts_for, close_all, forget_accounts
from channels_app.breaker import breaker
from channels_app.models import AccountChange, ProviderAccount
from channels_app.registry import providers
from channels_app.services import Facts, create
from tenants import keys
from tenants.models import AuditEntry
from tenants.services import create_tenant, issue_key
from tests.channels_app.smtp_server import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

Api = Callable[..., HttpResponse]
PASSWORD = "s3cret-of-the-shop"
MAIL = {
    "key": "mail-eu",
    "provider": "smtp",
    "credentials": {"url": f"smtp://shop:{PASSWORD}@mail.example.org:587"},
    "per_hour": 600,
    "cost_micros": 100,
    "currency": "EUR",
}


@pytest.fixture(autouse=True)
def nothing_configured(settings: Settings) -> Iterator[None]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST, settings.EGRESS_ALLOW = {}, (), ()
    settings.SANDBOX_URL, settings.SANDBOX_LIVE = "", False
    forget_accounts()
    yield
    keys.forget_all()
    forget_accounts()
    close_all()


def speaking(tenant_id: UUID, *scopes: str, mode: str = "live", at: datetime) -> Api:
    key = issue_key(tenant_id, mode=mode, scopes=scopes, actor="test", at=at).text

    def speak(method: str, path: str, body: Any = None) -> HttpResponse:
        return Client().generic(
            method,
            path if path.startswith("/api/") else f"/api/v1{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return speak


@pytest.fixture
def tenant_id(at: datetime) -> UUID:
    return create_tenant("acme", name="Acme", actor="test", at=at).id


@pytest.fixture
def api(tenant_id: UUID, at: datetime) -> Api:
    return speaking(tenant_id, "manage", at=at)


@pytest.fixture
def stranger(at: datetime) -> Api:
    return speaking(create_tenant("globex", name="Globex", actor="test", at=at).id, "manage", at=at)


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content) if response.content else None
    assert response.status_code == status, body
    return body


def pointers(response: HttpResponse) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in said(response, 422)["errors"]]


def test_an_account_is_made_used_changed_and_deleted(api: Api, tenant_id: UUID) -> None:
    response = api("POST", "/provider-accounts", MAIL)
    made = said(response, 201)
    (account,) = accounts_for("email", mode="live", tenant_id=tenant_id)

    assert response["Location"].endswith(f"/provider-accounts/{made['id']}")
    assert (made["account"], made["hook_url"]) == (account.key, account.hook_url)
    assert (made["channel"], made["weight"], made["share"], made["per_hour"]) == ("email", 100, 100, 600)
    assert said(api("GET", f"/provider-accounts/{made['id']}")) == made
    assert said(api("GET", "/provider-accounts"))["results"] == [made]

    changed = said(api("PATCH", f"/provider-accounts/{made['id']}", {"weight": 10, "per_hour": None}))
    assert (changed["weight"], changed["share"], changed["per_hour"], changed["cost_micros"]) == (10, 10, None, 100)
    story = said(api("GET", f"/provider-accounts/{made['id']}/changes"))["results"]
    assert {(line["field"], line["before"], line["after"]) for line in story} == {
        ("weight", 100, 10), ("per_hour", 600, None),
    }  # fmt: skip

    said(api("DELETE", f"/provider-accounts/{made['id']}"), 204)
    assert said(api("GET", "/provider-accounts"))["results"] == []
    assert accounts_for("email", mode="live", tenant_id=tenant_id) == ()
    assert account_of_hook(account.hook_url.rpartition("/")[2]) is None


def test_no_secret_comes_out_anywhere(api: Api, tenant_id: UUID) -> None:
    made = said(api("POST", "/provider-accounts", MAIL), 201)
    path = f"/provider-accounts/{made['id']}"
    answers = [
        api("GET", path),
        api("GET", "/provider-accounts"),
        api("PATCH", path, {"credentials": {"url": f"smtp://shop:{PASSWORD}@other.example.org"}}),
        api("GET", f"{path}/changes"),
        api("GET", f"{path}/health"),
        api("GET", "/channels"),
        api("PATCH", path, {"credentials": {"url": f"gopher://shop:{PASSWORD}@other.example.org"}}),
    ]

    written = [line.detail for line in AuditEntry.objects.all()]
    written += [[line.before, line.after, line.reason] for line in AccountChange.objects.all()]
    assert PASSWORD not in b"".join(answer.content for answer in answers).decode() + json.dumps(written)
    assert made["secrets"] == ["url"]
    assert [answer.status_code for answer in answers] == [200] * 6 + [422]


def test_the_hook_url_is_for_those_who_manage(api: Api, tenant_id: UUID, at: datetime) -> None:
    made = said(api("POST", "/provider-accounts", MAIL), 201)
    reader = speaking(tenant_id, "read", at=at)

    assert made["hook_url"]
    assert said(reader("GET", f"/provider-accounts/{made['id']}"))["hook_url"] is None
    said(reader("POST", "/provider-accounts", MAIL), 403)
    said(reader("POST", f"/provider-accounts/{made['id']}/test", {"to": "a@example.org"}), 403)


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"enabled": False}),
        ("DELETE", "", None),
        ("GET", "/changes", None),
        ("GET", "/health", None),
        ("POST", "/test", {"to": "ana@example.org"}),
    ],
)
def test_a_stranger_finds_nothing_and_moves_nothing(
    api: Api, stranger: Api, tenant_id: UUID, at: datetime, method: str, below: str, body: Any
) -> None:
    made = said(api("POST", "/provider-accounts", MAIL), 201)
    shared = create(Facts(key="shared", provider="smtp", credentials=MAIL["credentials"]), tenant_id=None,
                    actor="test", at=at)  # fmt: skip
    before = list(ProviderAccount.objects.order_by("id").values())

    found = said(stranger(method, f"/provider-accounts/{made['id']}{below}", body), 404)
    platform = said(stranger(method, f"/provider-accounts/{shared.id}{below}", body), 404)
    nowhere = said(stranger(method, f"/provider-accounts/{uuid4()}{below}", body), 404)

    assert {**found, "request_id": ""} == {**nowhere, "request_id": ""} == {**platform, "request_id": ""}
    assert list(ProviderAccount.objects.order_by("id").values()) == before
    assert said(stranger("GET", "/provider-accounts"))["results"] == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"provider": "pigeon"}, [("/provider", "unknown_provider")], id="provider"),
        pytest.param({"key": "Mail EU"}, [("/key", "invalid_format")], id="key"),
        pytest.param({"weight": 1001}, [("/weight", "too_large")], id="weight"),
        pytest.param({"per_hour": 0}, [("/per_hour", "too_small")], id="limit"),
        pytest.param({"currency": "euro"}, [("/currency", "invalid_format")], id="currency"),
        pytest.param({"pasword": "x"}, [("/pasword", "unknown_field")], id="unknown"),
        pytest.param({"credentials": {}}, [("/credentials", "wrong_credentials")], id="no credentials"),
        pytest.param({"credentials": {"url": "x"}}, [("/credentials", "wrong_credentials")], id="bad credentials"),
        pytest.param(
            {"credentials": {"url": "smtp://127.0.0.1:25"}}, [("/credentials", "wrong_credentials")], id="this machine"
        ),
        pytest.param(
            {"credentials": {"url": "smtp://mail.internal"}}, [("/credentials", "wrong_credentials")], id="a local name"
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(api: Api, change: dict[str, Any], expected: Any) -> None:
    assert pointers(api("POST", "/provider-accounts", {**MAIL, **change})) == expected
    assert not ProviderAccount.objects.exists()


@pytest.mark.parametrize("provider", [p for p in providers if p.credentials], ids=lambda p: p.key)
def test_credentials_are_judged_field_by_field(api: Api, provider: Any) -> None:
    body = {"key": "a", "provider": provider.key, "credentials": {"no_such_field": 1}}

    found = pointers(api("POST", "/provider-accounts", body))

    assert ("/credentials/no_such_field", "unknown_field") in found


def test_a_key_is_taken_once(api: Api, stranger: Api) -> None:
    said(api("POST", "/provider-accounts", MAIL), 201)

    assert said(api("POST", "/provider-accounts", MAIL), 409)["code"] == "key_taken"
    said(stranger("POST", "/provider-accounts", MAIL), 201)


def test_a_test_key_works_with_test_accounts_only(api: Api, tenant_id: UUID, at: datetime) -> None:
    tester = speaking(tenant_id, "manage", mode="test", at=at)
    live = said(api("POST", "/provider-accounts", MAIL), 201)

    said(tester("POST", "/provider-accounts", {**MAIL, "key": "other"}), 403)
    said(tester("PATCH", f"/provider-accounts/{live['id']}", {"enabled": False}), 403)
    said(tester("DELETE", f"/provider-accounts/{live['id']}"), 403)
    said(tester("POST", f"/provider-accounts/{live['id']}/test", {"to": "ana@example.org"}), 403)
    said(tester("POST", "/provider-accounts", {**MAIL, "key": "other", "mode": "test"}), 201)


def test_what_was_done_is_in_the_trail(api: Api) -> None:
    made = said(api("POST", "/provider-accounts", MAIL), 201)
    api("PATCH", f"/provider-accounts/{made['id']}", {"enabled": False})
    api("PATCH", f"/provider-accounts/{made['id']}", {"enabled": False})
    api("DELETE", f"/provider-accounts/{made['id']}")

    trail = AuditEntry.objects.filter(object="provider_account:mail-eu").order_by("id")
    assert [(line.action, line.detail) for line in trail] == [
        ("provider_account.created", {"provider": "smtp"}),
        ("provider_account.changed", {"fields": ["enabled"]}),
        ("provider_account.deleted", {"provider": "smtp"}),
    ]
    assert all(line.actor.startswith("key:") for line in trail)


def test_health_tells_how_it_stands(api: Api) -> None:
    made = said(api("POST", "/provider-accounts", MAIL), 201)
    breaker.record(made["account"], 0, 20, at=datetime.now().astimezone())

    found = said(api("GET", f"/provider-accounts/{made['id']}/health"))

    assert (found["breaker"], found["calls"], found["success"]) == ("open", 0, None)
    assert 0 < found["breaker_wait_seconds"] <= 30
    assert (found["free_per_hour"], found["free_per_minute"], found["quiet_seconds"]) == (60, None, 0)


@pytest.fixture
def server(settings: Settings) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.start()
    settings.EGRESS_ALLOW = (f"127.0.0.1:{server.port}",)
    yield server
    close_all()
    server.stop()


def test_a_test_sends_a_real_message(api: Api, server: ScriptedServer) -> None:
    made = said(api("POST", "/provider-accounts", {**MAIL, "credentials": {"url": server.url}}), 201)

    tested = said(api("POST", f"/provider-accounts/{made['id']}/test", {"to": "ana@example.org"}))

    assert (tested["outcome"], tested["code"], tested["units"]) == ("sent", None, 1)
    (received,) = server.received
    assert "ana@example.org" in received.recipient
    assert b"This is a test message from Carillon." in received.data
    found = said(api("GET", f"/provider-accounts/{made['id']}/health"))
    assert (found["calls"], found["success"], found["free_per_hour"]) == (1, 1.0, 59)
    assert found["last_success_at"]
    assert AuditEntry.objects.filter(action="provider_account.tested").count() == 1


def test_a_test_tells_what_the_provider_said(api: Api, server: ScriptedServer) -> None:
    server.answers["mail"] = "530 5.7.0 authentication required"
    made = said(api("POST", "/provider-accounts", {**MAIL, "credentials": {"url": server.url}}), 201)
    path = f"/provider-accounts/{made['id']}/test"

    tested = said(api("POST", path, {"to": "ana@example.org"}))

    assert (tested["outcome"], tested["code"]) == ("refused", "bad_credentials")
    assert pointers(api("POST", path, {"to": "nobody"})) == [("/to", "invalid_email")]
    assert pointers(api("POST", path, {"to": "a@example.org", "content": {"subject": "x"}}))[0][0].startswith(
        "/content"
    )


def test_a_test_waits_for_no_limit(api: Api, server: ScriptedServer) -> None:
    body = {**MAIL, "credentials": {"url": server.url}, "per_hour": 1}
    made = said(api("POST", "/provider-accounts", body), 201)
    path = f"/provider-accounts/{made['id']}/test"
    said(api("POST", path, {"to": "ana@example.org"}))

    refused = api("POST", path, {"to": "ana@example.org"})

    assert said(refused, 429)["code"] == "rate_limited"
    assert 3000 < int(refused["Retry-After"]) <= 3600


def test_channels_tell_what_they_can_and_who_carries(api: Api, at: datetime) -> None:
    create(Facts(key="shared", provider="smtp", credentials=MAIL["credentials"]), tenant_id=None, actor="test", at=at)
    forget_accounts()
    listed = {row["key"]: row for row in said(api("GET", "/channels"))["results"]}
    shared = said(api("GET", "/channels/email"))
    said(api("POST", "/provider-accounts", MAIL), 201)
    own = said(api("GET", "/channels/email"))

    assert {"email", "sms", "push", "web_push", "in_app", "webhook", "chat"} <= set(listed)
    assert (listed["in_app"]["usable"], listed["sms"]["usable"]) == (True, False)
    assert listed["email"] == shared
    assert "subject" in json.dumps(shared["content_schema"])
    assert [(way["provider"], way["own"]) for way in shared["accounts"]] == [("smtp", False)]
    assert [(way["provider"], way["own"]) for way in own["accounts"]] == [("smtp", True)]
    assert {provider["key"] for provider in own["providers"]} >= {"smtp"}
    said(api("GET", "/channels/fax"), 404)


def test_channels_that_the_operator_has_closed_are_not_usable(api: Api, settings: Settings) -> None:
    settings.CHANNEL_ENABLE_LIST = ("email",)

    found = said(api("GET", "/channels/in_app"))

    assert (found["enabled"], found["usable"], found["accounts"]) == (False, False, [])
