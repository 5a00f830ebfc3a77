"""`/recipients/{id}/consents` and `/consents` as a client sees them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client

from audience.services import erase
from preferences.consent_requirements import forget_requirements
from preferences.models import Consent
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tenants.services import issue_key
from tests.make import a_tenant, recipients

pytestmark = pytest.mark.django_db

OF_ANA = "recipients/ana/consents"
YES = {"purpose": "marketing", "channel": "sms", "state": "given", "text_version": "v7"}
NO = {"purpose": "marketing", "channel": "sms", "state": "withdrawn"}


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON with one credential."""

    credential: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return Client().generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.credential}", **headers},
        )


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    forget_requirements()


@pytest.fixture
def acme() -> Tenant:
    return a_tenant("acme")


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    return recipients(acme, "ana", phone="+33612345678")["ana"]


@pytest.fixture
def key_of(at: datetime) -> Callable[..., Api]:
    def make(tenant: Tenant, *scopes: str) -> Api:
        with tenant_scope(tenant.id):
            return Api(issue_key(tenant.id, mode="live", scopes=scopes, actor="test", at=at).text)

    return make


@pytest.fixture
def api(acme: Tenant, ana: UUID, key_of: Callable[..., Api]) -> Api:
    return key_of(acme, "admin")


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content)
    assert response.status_code == status, body
    return body


def errors(response: HttpResponse) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in said(response, 422)["errors"]]


def test_a_word_is_recorded_and_shown(api: Api) -> None:
    recorded = said(api("POST", OF_ANA, {**YES, "source": "page", "proof": {"box": "ticked"}}), 201)["results"]

    shown = said(api("GET", OF_ANA))
    assert shown["results"] == recorded
    assert {name: recorded[0][name] for name in (*YES, "source", "proof", "recipient")} == {
        **YES,
        "source": "page",
        "proof": {"box": "ticked"},
        "recipient": "ana",
    }
    assert shown["current"] == [
        {"purpose": "marketing", "channel": "sms", "state": "given", "at": recorded[0]["at"]},
    ]


def test_several_words_at_once_and_what_holds_now(api: Api) -> None:
    old, older = {**YES, "at": "2025-03-01T09:00:00Z"}, {**NO, "at": "2024-03-01T09:00:00Z"}
    everywhere = {"purpose": "news", "state": "withdrawn"}
    said(api("POST", OF_ANA, {"consents": [old, older, everywhere]}), 201)

    shown = said(api("GET", OF_ANA))
    assert [(c["purpose"], c["channel"], c["state"]) for c in shown["current"]] == [
        ("marketing", "sms", "given"),
        ("news", "all", "withdrawn"),
    ]
    assert [c["state"] for c in shown["results"]] == ["withdrawn", "withdrawn", "given"]
    assert [c["purpose"] for c in said(api("GET", f"{OF_ANA}?purpose=news"))["results"]] == ["news"]


def test_history_comes_in_pages(api: Api) -> None:
    said(api("POST", OF_ANA, {"consents": [YES, NO, YES]}), 201)

    first = said(api("GET", f"{OF_ANA}?limit=2"))
    assert [c["state"] for c in first["results"]] == ["given", "withdrawn"]
    rest = said(api("GET", first["next"].partition("/api/v1/")[2]))
    assert [c["state"] for c in rest["results"]] == ["given"]


def test_many_people_at_once_or_nobody(api: Api, acme: Tenant) -> None:
    recipients(acme, "ben")
    both = [{"recipient": "ana", **YES}, {"recipient": "ben", **NO}]

    assert errors(api("POST", "consents/bulk", {"consents": [*both, {"recipient": "nobody", **YES}]})) == [
        ("/consents/2/recipient", "unknown_recipient")
    ]
    assert not Consent.objects.exists()
    results = said(api("POST", "consents/bulk", {"consents": both}), 201)["results"]
    assert [(c["recipient"], c["state"]) for c in results] == [("ana", "given"), ("ben", "withdrawn")]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param({}, [("/purpose", "required")], id="nothing"),
        pytest.param({"purpose": "x"}, [("/state", "required")], id="no state"),
        pytest.param({**YES, "consents": [YES]}, [("/consents", "contradiction")], id="both forms"),
        pytest.param({**YES, "channel": "fax"}, [("/channel", "unknown_channel")], id="channel"),
        pytest.param({**YES, "at": "2999-01-01T00:00:00Z"}, [("/at", "in_future")], id="not said yet"),
        pytest.param({**YES, "proof": {"x": "y" * 17_000}}, [("/proof", "too_long")], id="proof"),
        pytest.param(
            {"consents": [YES, {**NO, "channel": "x"}]}, [("/consents/1/channel", "unknown_channel")], id="2nd"
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_recorded(api: Api, body: Any, found: list[tuple[str, str]]) -> None:
    assert errors(api("POST", OF_ANA, body)) == found
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [{"source": "A page"}, {"state": "maybe"}, {"purpose": ""}, {"at": "2025-03-01T09:00:00"}, {"proof": "none"}],
)
def test_what_has_the_wrong_shape_is_refused(api: Api, change: dict[str, Any]) -> None:
    assert api("POST", OF_ANA, {**YES, **change}).status_code == 422
    assert not Consent.objects.exists()


def test_nobody_is_nobody(api: Api) -> None:
    assert api("GET", "recipients/nobody/consents").status_code == 404
    assert api("POST", "recipients/nobody/consents", YES).status_code == 404


def test_the_same_request_twice_is_recorded_once(api: Api) -> None:
    for _ in range(2):
        assert api("POST", OF_ANA, YES, **{"Idempotency-Key": "once"}).status_code == 201

    assert Consent.objects.count() == 1


def test_who_may_read_may_not_record_and_other_tenants_see_nothing(
    api: Api, acme: Tenant, key_of: Callable[..., Api]
) -> None:
    said(api("POST", OF_ANA, YES), 201)
    reader, stranger = key_of(acme, "read"), key_of(a_tenant("globex"), "admin")

    assert reader("POST", OF_ANA, YES).status_code == 403
    assert said(reader("GET", "consents"))["results"] != []
    assert stranger("GET", OF_ANA).status_code == 404
    assert said(stranger("GET", "consents"))["results"] == []


def test_who_was_erased_is_found_by_an_address_alone(api: Api, acme: Tenant, at: datetime) -> None:
    said(api("POST", OF_ANA, {**YES, "proof": {"ip": "192.0.2.7"}}), 201)
    erase(tenant_id=acme.id, external_id="ana", actor="test", at=at)

    assert api("GET", OF_ANA).status_code == 404
    search = "consents?address_channel=sms&address=%2B33612345678"
    [kept] = said(api("GET", search))["results"]
    assert (kept["recipient"], kept["proof"], kept["state"], kept["text_version"]) == (None, None, "given", "v7")
    assert said(api("GET", search.replace("678", "679")))["results"] == []
    assert said(api("GET", "consents?address=x"))["results"] == []


def test_what_needs_consent_is_marketing_on_sms_until_the_tenant_decides(api: Api, acme: Tenant) -> None:
    assert said(api("GET", "consents/requirements")) == {
        "requirements": [{"purpose": "marketing", "channels": ["sms"]}],
        "default": True,
    }
    decided = {"requirements": [{"purpose": "news", "channels": ["all"]}]}

    assert said(api("PUT", "consents/requirements", decided)) == {**decided, "default": False}
    assert said(api("GET", "consents/requirements")) == {**decided, "default": False}
    assert AuditEntry.objects.get(action="consent.requirements_changed").detail == decided


@pytest.mark.parametrize(
    ("demands", "found"),
    [
        pytest.param(
            [{"purpose": "x", "channels": ["fax"]}], [("/requirements/0/channels/0", "unknown_channel")], id="channel"
        ),
        pytest.param(
            [{"purpose": "x", "channels": ["sms"]}, {"purpose": "x", "channels": ["email"]}],
            [("/requirements/1/purpose", "duplicate")],
            id="twice",
        ),
        pytest.param(
            [{"purpose": "security", "channels": ["sms"]}],
            [("/requirements/0/purpose", "required_category")],
            id="security",
        ),
    ],
)
def test_demands_that_make_no_sense_are_refused(
    api: Api, demands: list[dict[str, Any]], found: list[tuple[str, str]]
) -> None:
    assert errors(api("PUT", "consents/requirements", {"requirements": demands})) == found


def test_only_who_administers_decides_what_needs_consent(acme: Tenant, key_of: Callable[..., Api]) -> None:
    assert key_of(acme, "manage")("PUT", "consents/requirements", {"requirements": []}).status_code == 403
