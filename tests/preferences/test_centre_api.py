"""Links to preference centres, and one's own preferences by token."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from audience.privacy import erase
from audience.tokens import issue
from preferences.address_hash import Contact, hash_of
from preferences.models import Preferences
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tenants.services import issue_key
from tests.make import a_tenant, recipients

pytestmark = pytest.mark.django_db

LINK = "recipients/ana/preferences/link"
DOCUMENT = {"channels": {"sms": False}, "quiet_hours": [{"days": ["mon"], "from": "22:00", "to": "07:00"}]}


def call(credential: str, method: str, path: str, body: Any = None) -> HttpResponse:
    return Client().generic(
        method,
        f"/api/v1/{path}",
        b"" if body is None else json.dumps(body).encode(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {credential}"},
    )


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content)
    assert response.status_code == status, body
    return body


@pytest.fixture
def acme() -> Tenant:
    hash_of(Contact(None, "email", "x"))
    return a_tenant("acme")


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    return recipients(acme, "ana")["ana"]


@pytest.fixture
def key_of(at: datetime) -> Callable[..., str]:
    def make(tenant: Tenant, *scopes: str) -> str:
        with tenant_scope(tenant.id):
            return issue_key(tenant.id, mode="live", scopes=scopes, actor="test", at=at).text

    return make


@pytest.fixture
def key(acme: Tenant, ana: UUID, key_of: Callable[..., str]) -> str:
    return key_of(acme, "manage")


@pytest.fixture
def token(acme: Tenant, ana: UUID) -> str:
    return issue(acme.id, ana, seconds=600, at=datetime.now(UTC)).text


def test_a_link_opens_the_centre_until_it_is_taken_back(key: str, settings: Settings) -> None:
    before = datetime.now(UTC)
    made = said(call(key, "POST", LINK), 201)
    assert made["url"].startswith(f"{settings.PUBLIC_URL}/p/")
    path = made["url"].removeprefix(settings.PUBLIC_URL)
    assert datetime.fromisoformat(made["expires_at"]) - before >= timedelta(days=365)
    assert Client().get(path).status_code == 200

    assert call(key, "DELETE", LINK).status_code == 204
    assert Client().get(path).status_code == 404
    assert AuditEntry.objects.filter(action="preference_links.taken_back").exists()
    again = said(call(key, "POST", LINK, {"expires_in_seconds": 60}), 201)["url"].removeprefix(settings.PUBLIC_URL)
    assert Client().get(again).status_code == 200


@pytest.mark.parametrize("seconds", [0, 59, 10**10])
def test_a_link_lives_for_a_minute_to_five_years(key: str, seconds: int) -> None:
    assert call(key, "POST", LINK, {"expires_in_seconds": seconds}).status_code == 422


def test_links_are_made_by_who_manages_and_for_their_own_people(
    key: str, acme: Tenant, key_of: Callable[..., str]
) -> None:
    assert call(key_of(acme, "read"), "POST", LINK).status_code == 403
    assert call(key_of(a_tenant("globex"), "manage"), "POST", LINK).status_code == 404
    assert call(key, "POST", LINK.replace("ana", "nobody")).status_code == 404


def test_one_reads_replaces_and_changes_ones_own_preferences(token: str, ana: UUID) -> None:
    assert said(call(token, "GET", "me/preferences")) == {}
    assert said(call(token, "PUT", "me/preferences", DOCUMENT)) == DOCUMENT
    changed = said(call(token, "PATCH", "me/preferences", {"channels": {"email": True}, "quiet_hours": None}))

    assert changed == {"channels": {"sms": False, "email": True}}
    assert said(call(token, "GET", "me/preferences")) == changed
    assert Preferences.objects.get().recipient_id == ana


@pytest.mark.parametrize(
    ("method", "body", "pointer"),
    [
        ("PUT", {"channels": {"fax": True}}, "/channels/fax"),
        ("PATCH", {"categories": {"security": False}}, "/categories/security"),
        ("PATCH", {"timezone": "Mars/Base"}, "/timezone"),
        ("PATCH", {"nonsense": 1}, "/nonsense"),
        ("PATCH", [], ""),
    ],
)
def test_what_is_wrong_is_told_and_nothing_kept(token: str, method: str, body: Any, pointer: str) -> None:
    errors = said(call(token, method, "me/preferences", body), 422)["errors"]

    assert [error["pointer"] for error in errors] == [pointer]
    assert not Preferences.objects.exclude(document={}).exists()


def test_no_key_and_no_other_token_opens_it(key: str, acme: Tenant, ana: UUID, token: str, at: datetime) -> None:
    old = issue(acme.id, ana, seconds=60, at=datetime.now(UTC) - timedelta(hours=1)).text
    stranger = issue(a_tenant("globex").id, ana, seconds=60, at=datetime.now(UTC)).text

    assert call(key, "GET", "me/preferences").status_code == 401
    assert call(old, "GET", "me/preferences").status_code == 401
    assert call(stranger, "GET", "me/preferences").status_code == 404
    assert call(stranger, "PUT", "me/preferences", DOCUMENT).status_code == 404
    erase(tenant_id=acme.id, external_id="ana", actor="test", at=at)
    assert call(token, "PUT", "me/preferences", DOCUMENT).status_code == 404
    assert not Preferences.objects.exists()
