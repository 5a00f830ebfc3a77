"""`/preferences/defaults` and `/recipients/{id}/overrides`: kept, checked, apart by tenant, gathered at once."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from preferences import catalogue
from preferences.models import Override, TenantPreferences
from preferences.rules import judged, level_in, wishes_among
from preferences.selectors import wishes_of
from preferences.services import put
from preferences.services.overrides import MOST_IN_FORCE, TooManyOverrides, override
from preferences.services.tenant_defaults import patch_tenant_preferences
from tenants.models import AuditEntry, Tenant
from tenants.scope import platform_scope, tenant_scope
from tenants.services import create_tenant, issue_key
from tests.make import recipients

Api = Callable[..., HttpResponse]
NIGHT = [{"from": "22:00", "to": "07:00"}]
DEFAULTS = {
    "defaults": {"types": {"newsletter": False}, "quiet_hours": NIGHT, "holidays": {"FR": ["2026-12-25"]}},
    "forced": {"types": {"invoice": {"email": True}}},
}


@pytest.fixture
def tenant(db: None, at: datetime) -> Tenant:
    return create_tenant("acme", name="Acme", actor="test", at=at)


@pytest.fixture
def ana(tenant: Tenant) -> UUID:
    return recipients(tenant, "ana")["ana"]


def api_of(tenant: Tenant, at: datetime, scope: str = "manage") -> Api:
    with tenant_scope(tenant.id):
        key = issue_key(tenant.id, mode="live", scopes=[scope], actor="test", at=at).text

    def call(method: str, path: str, body: Any = None) -> HttpResponse:
        return Client().generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return call


@pytest.fixture
def api(tenant: Tenant, at: datetime) -> Api:
    return api_of(tenant, at)


def said(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content) if response.content else None


def soon(**ahead: int) -> str:
    return (datetime.now(UTC) + timedelta(**(ahead or {"hours": 2}))).isoformat()


def test_a_tenant_that_said_nothing_has_two_empty_documents(api: Api) -> None:
    assert said(api("GET", "preferences/defaults")) == {"defaults": {}, "forced": {}}
    assert not TenantPreferences.objects.exists()


def test_what_a_tenant_says_is_kept_and_told_in_the_trail(api: Api, tenant: Tenant) -> None:
    assert said(api("PUT", "preferences/defaults", DEFAULTS)) == DEFAULTS
    assert said(api("GET", "preferences/defaults")) == DEFAULTS

    entry = AuditEntry.objects.get(action="preferences.changed")
    assert (entry.tenant_id, entry.detail) == (tenant.id, {"changed": ["defaults", "forced"]})


def test_patching_merges_both_documents(api: Api) -> None:
    api("PUT", "preferences/defaults", DEFAULTS)

    kept = said(api("PATCH", "preferences/defaults", {"defaults": {"quiet_hours": None}, "forced": None}))

    assert kept == {"defaults": {"types": {"newsletter": False}, "holidays": {"FR": ["2026-12-25"]}}, "forced": {}}


REFUSED = [
    pytest.param({"forced": {"categories": {"security": False}}}, "/forced/categories/security", id="security off"),
    pytest.param({"defaults": {"timezone": "Mars"}}, "/defaults/timezone", id="time zone"),
    pytest.param({"defaults": {"holidays": {"FR": ["Christmas"]}}}, "/defaults/holidays/FR/0", id="no date"),
    pytest.param({"defaults": {"holidays": {"France": []}}}, "/defaults/holidays/France", id="no country"),
    pytest.param({"forced": {"channel_order": ["sms", "sms"]}}, "/forced/channel_order/1", id="twice"),
    pytest.param({"forced": {"channels": {"carrier_pigeon": True}}}, "/forced/channels/carrier_pigeon", id="channel"),
    pytest.param({"default": {}}, "/default", id="unknown field"),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(("body", "pointer"), REFUSED)
def test_what_will_not_do_is_refused_with_its_place(api: Api, method: str, body: Any, pointer: str) -> None:
    (error,) = said(api(method, "preferences/defaults", body), 422)["errors"]

    assert error["pointer"] == pointer
    assert not TenantPreferences.objects.exists()


CONDITIONS = [
    pytest.param({"mute": {"path": "order", "equals": 1}}, "/mute/path", "invalid_format", id="no path into the data"),
    pytest.param({"mute": {"path": "data.a"}}, "/mute/op", "required", id="equals what?"),
    pytest.param({"mute": {"path": "data.a", "op": "=="}}, "/mute/value", "required", id="a value"),
    pytest.param(
        {"mute": {"path": "data.a", "equals": 1, "op": "<"}}, "/mute/op", "contradiction", id="equals and an operator"
    ),
    pytest.param(
        {"only_if": {"path": "data.a", "op": "=~", "value": "x"}}, "/only_if/op", "invalid_choice", id="no operator"
    ),
    pytest.param(
        {"only_if": {"path": "data.a", "op": ">=", "value": "5"}}, "/only_if/value", "invalid_type", id="no number"
    ),
    pytest.param(
        {"only_if": {"path": "data.a", "op": "in", "value": 5}}, "/only_if/value", "invalid_type", id="in no list"
    ),
    pytest.param(
        {"only_if": {"path": "data.a", "op": "==", "value": [5]}}, "/only_if/value", "invalid_type", id="list"
    ),
    pytest.param({}, "", "contradiction", id="neither"),
    pytest.param(
        {"mute": {"path": "data.a", "equals": 1}, "only_if": {"path": "data.a", "equals": 1}},
        "", "contradiction", id="both",
    ),
    pytest.param(
        {"mute": {"path": "data.a", "equals": 1, "channel": "fax"}}, "/mute/channel", "unknown_channel", id="channel"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "pointer", "code"), CONDITIONS)
def test_a_condition_is_checked_when_it_is_written(
    api: Api, ana: UUID, condition: Any, pointer: str, code: str
) -> None:
    (error,) = said(api("PUT", "recipients/ana/preferences", {"conditions": [condition]}), 422)["errors"]

    assert (error["pointer"], error["code"]) == (f"/conditions/0{pointer}", code)


def test_an_override_is_added_shown_and_taken_back(api: Api, ana: UUID) -> None:
    body = {"preferences": {"channels": {"email": False}}, "until": soon(), "note": "asked by phone"}

    added = said(api("POST", "recipients/ana/overrides", body), 201)

    assert (added["preferences"], added["note"]) == (body["preferences"], "asked by phone")
    assert said(api("GET", "recipients/ana/overrides"))["results"] == [added]
    with platform_scope():
        refusal = judged(wishes_of([ana])[ana], channel="email")
    assert refusal is not None
    assert (refusal.rule, refusal.detail["override"]) == ("override.channels.email", added["id"])
    said(api("DELETE", f"recipients/ana/overrides/{added['id']}"), 204)
    assert said(api("GET", "recipients/ana/overrides"))["results"] == []
    said(api("DELETE", f"recipients/ana/overrides/{added['id']}"), 404)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True))[-2:] == [
        "override.added", "override.taken_back",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"until": "2020-01-01T00:00:00Z"}, "/until", id="over already"),
        pytest.param({"until": "2999-01-01T00:00:00Z"}, "/until", id="for ever"),
        pytest.param({"until": "2026-12-01T00:00:00"}, "/until", id="on whose clock?"),
        pytest.param({"preferences": {"categories": {"security": False}}}, "/preferences/categories/security", id="x"),
        pytest.param({"preferences": {"holidays": {}}}, "/preferences/holidays", id="of the tenant alone"),
    ],
)
def test_an_override_that_will_not_do_is_refused(api: Api, ana: UUID, change: Any, pointer: str) -> None:
    body = {"preferences": {"channels": {"email": False}}, "until": soon(), **change}

    (error,) = said(api("POST", "recipients/ana/overrides", body), 422)["errors"]

    assert error["pointer"] == pointer
    assert not Override.objects.exists()


def test_what_is_over_is_neither_shown_nor_gathered_and_forgotten_with_the_next(
    tenant: Tenant, api: Api, ana: UUID
) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    Override.objects.create(
        tenant_id=tenant.id, recipient_id=ana, document={"channels": {"email": False}}, created_by="test",
        created_at=an_hour_ago, until=an_hour_ago + timedelta(minutes=1),
    )  # fmt: skip

    assert said(api("GET", "recipients/ana/overrides"))["results"] == []
    assert wishes_of([ana]) == {}
    api("POST", "recipients/ana/overrides", {"preferences": {}, "until": soon()})
    assert Override.objects.count() == 1


def test_nobody_has_more_than_fifty_at_once(tenant: Tenant, ana: UUID, api: Api) -> None:
    at = datetime.now(UTC)
    facts = {"tenant_id": tenant.id, "recipient_id": ana, "created_by": "test", "created_at": at}
    Override.objects.bulk_create(Override(**facts, until=at + timedelta(hours=1)) for _ in range(MOST_IN_FORCE))

    with pytest.raises(TooManyOverrides, match="50 overrides"):
        override(
            tenant_id=tenant.id, recipient_id=ana, document={}, until=at + timedelta(hours=1), note="", actor="test",
            at=at,
        )  # fmt: skip
    assert said(api("POST", "recipients/ana/overrides", {"preferences": {}, "until": soon()}), 409)["code"] == (
        "too_many_overrides"
    )


def test_nobody_is_told_of_another_tenants_people(tenant: Tenant, api: Api, ana: UUID, at: datetime) -> None:
    added = said(api("POST", "recipients/ana/overrides", {"preferences": {}, "until": soon()}), 201)
    stranger = api_of(create_tenant("globex", name="Globex", actor="test", at=at), at)

    said(stranger("GET", "recipients/ana/overrides"), 404)
    said(stranger("DELETE", f"recipients/ana/overrides/{added['id']}"), 404)
    assert Override.objects.count() == 1


def test_reading_is_not_enough_to_change(tenant: Tenant, ana: UUID, at: datetime) -> None:
    reader = api_of(tenant, at, "read")

    assert said(reader("PUT", "preferences/defaults", {}), 403)["code"] == "forbidden"
    assert said(reader("POST", "recipients/ana/overrides", {}), 403)["code"] == "forbidden"
    said(reader("GET", "preferences/defaults"))


def test_every_level_of_many_is_gathered_in_one_statement(
    tenant: Tenant, ana: UUID, api: Api, at: datetime, django_assert_num_queries: Callable[..., Any]
) -> None:
    bob = recipients(tenant, "bob")["bob"]
    other = create_tenant("globex", name="Globex", actor="test", at=at)
    eve = recipients(other, "eve")["eve"]
    api("PUT", "preferences/defaults", DEFAULTS)
    api("PUT", "recipients/ana/preferences", {"channels": {"sms": False}})
    added = said(
        api("POST", "recipients/ana/overrides", {"preferences": {"channels": {"sms": True}}, "until": soon()}), 201
    )

    with platform_scope(), django_assert_num_queries(1):
        wishes = wishes_of([ana, bob, eve, uuid4()])

    ours = [level_in(DEFAULTS["defaults"], "default"), level_in(DEFAULTS["forced"], "forced")]
    until = datetime.fromisoformat(added["until"])
    own = [
        level_in({"channels": {"sms": False}}),
        level_in({"channels": {"sms": True}}, "override", until=until, id=added["id"]),
    ]
    assert wishes == {ana: wishes_among([*ours, *own]), bob: wishes_among(ours)}


def test_asking_for_nobody_asks_nothing(db: None, django_assert_num_queries: Callable[..., Any]) -> None:
    with django_assert_num_queries(0):
        assert wishes_of([]) == {}


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whose waiting was looked at again."""
    heard: list[Any] = []
    monkeypatch.setattr(catalogue, "_listeners", [lambda **changed: heard.append(changed["recipient_ids"])])
    return heard


def test_a_tenant_that_changes_when_to_be_disturbed_wakes_everybody(api: Api, woken: list[Any]) -> None:
    api("PUT", "preferences/defaults", {"defaults": {"types": {"newsletter": False}}})
    assert woken == []

    api("PATCH", "preferences/defaults", {"forced": {"quiet_hours": NIGHT}})
    api("PATCH", "preferences/defaults", {"forced": {"quiet_hours": NIGHT}})
    api("PATCH", "preferences/defaults", {"defaults": {"holidays": {"FR": ["2026-12-25"]}}})

    assert woken == [None, None]


def test_an_override_about_quiet_hours_wakes_its_recipient_when_it_comes_and_goes(
    api: Api, ana: UUID, woken: list[Any]
) -> None:
    api("POST", "recipients/ana/overrides", {"preferences": {"channels": {"sms": False}}, "until": soon()})
    assert woken == []

    added = said(api("POST", "recipients/ana/overrides", {"preferences": {"quiet_hours": []}, "until": soon()}), 201)
    api("DELETE", f"recipients/ana/overrides/{added['id']}")

    assert woken == [[ana], [ana]]


@pytest.mark.django_db(transaction=True)
def test_changes_of_a_tenant_at_the_same_moment_all_count(at: datetime) -> None:
    tenant = create_tenant("acme", name="Acme", actor="test", at=at)
    together = threading.Barrier(4)

    def change(number: int) -> None:
        together.wait()
        with tenant_scope(tenant.id):
            document = {"defaults": {"types": {f"type_{number}": False}}}
            patch_tenant_preferences(tenant_id=tenant.id, change=document, check=lambda _: None, actor="test", at=at)
        connection.close()

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(TenantPreferences.objects.get().defaults["types"]) == {f"type_{number}" for number in range(4)}


def test_overrides_go_with_their_owner(tenant: Tenant, ana: UUID, api: Api, at: datetime) -> None:
    put(tenant_id=tenant.id, recipient_id=ana, document={"channels": {"sms": False}}, at=at)
    api("POST", "recipients/ana/overrides", {"preferences": {}, "until": soon()})

    said(api("DELETE", "recipients/ana"), 204)

    assert not Override.objects.exists()
