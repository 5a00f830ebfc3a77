"""`/recipients/{id}/preferences`: kept as said, checked as promised, seen by planning."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client

from audience.services import erase, upsert_recipients
from audience.values import RecipientInput
from preferences import catalogue
from preferences.catalogue import channel_names, register_channels
from preferences.models import Preferences
from preferences.rules import wishes_in
from preferences.selectors import wishes_of
from preferences.services import patch
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key

DOCUMENT = {
    "channels": {"sms": False},
    "categories": {"marketing": {"email": True}, "news": False},
    "types": {"order_confirmation": {"push": False}},
    "quiet_hours": [{"days": ["mon", "sun"], "from": "22:00", "to": "07:00"}],
    "timezone": "Europe/Paris",
    "frequency": {"type:order_update": {"mode": "digest", "every": "day", "at": "08:00"}},
    "conditions": [{"mute": {"path": "data.order_id", "equals": "123"}}],
}


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON about one recipient's preferences with one credential."""

    credential: str

    def __call__(self, method: str, body: Any = None, *, of: str = "ana") -> HttpResponse:
        return Client().generic(
            method,
            f"/api/v1/recipients/{of}/preferences",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.credential}"},
        )


@pytest.fixture
def tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("acme", name="Acme", actor="test", at=at).id


@pytest.fixture
def ana(tenant_id: UUID, at: datetime) -> UUID:
    return known(tenant_id, "ana", at=at)


@pytest.fixture
def api_of(at: datetime) -> Callable[..., Api]:
    def make(tenant_id: UUID, *scopes: str) -> Api:
        with tenant_scope(tenant_id):
            return Api(issue_key(tenant_id, mode="live", scopes=scopes, actor="test", at=at).text)

    return make


@pytest.fixture
def api(tenant_id: UUID, ana: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(tenant_id, "manage")


def known(tenant_id: UUID, external_id: str, *, at: datetime) -> UUID:
    with tenant_scope(tenant_id):
        person = RecipientInput(id=external_id)
        return upsert_recipients(tenant_id=tenant_id, recipients=[person], at=at)[external_id]


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content)
    assert response.status_code == status, body
    return body


def test_somebody_who_said_nothing_inherits_everything(api: Api) -> None:
    assert said(api("GET")) == {}
    assert not Preferences.objects.exists()


def test_what_was_said_is_kept_as_it_was_said(api: Api) -> None:
    assert said(api("PUT", DOCUMENT)) == DOCUMENT
    assert said(api("GET")) == DOCUMENT


def test_putting_replaces_everything(api: Api) -> None:
    api("PUT", DOCUMENT)

    assert said(api("PUT", {"channels": {"email": True}})) == {"channels": {"email": True}}
    assert said(api("GET")) == {"channels": {"email": True}}


def test_patching_merges_and_null_takes_away(api: Api) -> None:
    api("PUT", DOCUMENT)

    kept = said(api("PATCH", {"channels": {"sms": None, "push": False}, "quiet_hours": None, "frequency": None}))

    unchanged = {name: DOCUMENT[name] for name in ("categories", "types", "timezone", "conditions")}
    assert kept == {"channels": {"push": False}, **unchanged}
    assert said(api("GET")) == kept


def test_patching_somebody_who_said_nothing(api: Api) -> None:
    assert said(api("PATCH", {"channels": {"sms": False}})) == {"channels": {"sms": False}}


REFUSED = [
    pytest.param({"channels": {"sms": "no"}}, "/channels/sms", "invalid_type", id="no boolean"),
    pytest.param({"channels": {"SMS": True}}, "/channels/SMS", "invalid_format", id="no channel name"),
    pytest.param({"colour": "red"}, "/colour", "unknown_field", id="unknown field"),
    pytest.param({"quiet_hours": [{"from": "25:00", "to": "07:00"}]}, "/quiet_hours/0/from", "invalid_format", id="25"),
    pytest.param({"quiet_hours": [{"from": "22:00"}]}, "/quiet_hours/0/to", "required", id="quiet until when?"),
    pytest.param(
        {"quiet_hours": [{"days": ["monday"], "from": "22:00", "to": "07:00"}]},
        "/quiet_hours/0/days/0", "invalid_choice", id="no day",
    ),
    pytest.param(
        {"quiet_hours": [{"from": "07:00", "to": "07:00"}]}, "/quiet_hours/0", "empty_window", id="an empty window"
    ),
    pytest.param({"timezone": "Mars/Olympus"}, "/timezone", "unknown_timezone", id="time zone"),
    pytest.param({"frequency": {"order": {"mode": "digest"}}}, "/frequency/order", "invalid_format", id="of what?"),
    pytest.param(
        {"frequency": {"type:a/b": {"mode": "digest"}}}, "/frequency/type:a~1b/every", "required", id="digest when?"
    ),
    pytest.param({"categories": {"security": False}}, "/categories/security", "required_category", id="security"),
    pytest.param({"conditions": ["x"]}, "/conditions/0", "invalid_type", id="conditions are objects"),
]  # fmt: skip


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(("body", "pointer", "code"), REFUSED)
def test_what_will_not_do_is_refused_and_nothing_changes(
    api: Api, method: str, body: Any, pointer: str, code: str
) -> None:
    api("PUT", {"channels": {"push": False}})

    (error,) = said(api(method, body), 422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)
    assert said(api("GET")) == {"channels": {"push": False}}


def test_a_patch_is_judged_by_what_comes_of_it(api: Api) -> None:
    api("PUT", {"frequency": {"type:x": {"mode": "digest", "every": "day"}}})

    (error,) = said(api("PATCH", {"frequency": {"type:x": {"every": "week", "on": "mon", "mode": "immediate"}}}), 422)[
        "errors"
    ]

    assert (error["pointer"], error["code"]) == ("/frequency/type:x", "contradiction")


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_a_patch_is_an_object(api: Api, body: Any) -> None:
    response = Client().generic(
        "PATCH",
        "/api/v1/recipients/ana/preferences",
        json.dumps(body).encode(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.credential}"},
    )

    assert said(response, 422)["errors"][0]["code"] == "invalid_type"


def test_channels_that_somebody_told_of_are_the_only_ones(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_sources", [])
    register_channels(_two_channels)
    register_channels(_two_channels)

    assert channel_names() == ("email", "sms")
    (error,) = said(api("PUT", {"channels": {"fax": True}}), 422)["errors"]
    assert (error["pointer"], error["message"]) == ("/channels/fax", "no channel 'fax'; known: email, sms")


def _two_channels() -> tuple[str, ...]:
    return ("email", "sms")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
def test_nobody_is_told_whether_somebody_is_there(
    api: Api, at: datetime, api_of: Callable[..., Api], method: str
) -> None:
    body = None if method == "GET" else {}
    stranger = api_of(create_tenant("globex", name="Globex", actor="test", at=at).id, "manage")

    absent, theirs = said(api(method, body, of="bob"), 404), said(stranger(method, body), 404)

    assert (absent["code"], theirs["code"], absent["detail"]) == ("not_found", "not_found", theirs["detail"])
    assert not Preferences.objects.exists()


def test_reading_is_not_enough_to_change(tenant_id: UUID, ana: UUID, api_of: Callable[..., Api]) -> None:
    reader = api_of(tenant_id, "read")

    assert said(reader("GET")) == {}
    assert said(reader("PUT", {}), 403)["code"] == "forbidden"
    assert said(reader("PATCH", {}), 403)["code"] == "forbidden"


def test_planning_sees_the_wishes_of_many_in_one_look(
    api: Api, tenant_id: UUID, ana: UUID, at: datetime, django_assert_num_queries: Callable[..., Any]
) -> None:
    api("PUT", DOCUMENT)
    bob = known(tenant_id, "bob", at=at)

    with django_assert_num_queries(1):
        wishes = wishes_of([ana, bob, uuid4()])

    assert wishes == {ana: wishes_in(DOCUMENT)}


def test_wishes_go_with_their_owner(api: Api, tenant_id: UUID, at: datetime) -> None:
    api("PUT", DOCUMENT)

    with tenant_scope(tenant_id):
        erase(tenant_id=tenant_id, external_id="ana", actor="test", at=at)

    assert not Preferences.objects.exists()


def test_a_tenant_sees_and_writes_only_its_own(api: Api, ana: UUID, at: datetime) -> None:
    api("PUT", DOCUMENT)
    other = create_tenant("globex", name="Globex", actor="test", at=at).id

    with tenant_scope(other):
        assert wishes_of([ana]) == {}
        assert Preferences.objects.filter(recipient_id=ana).update(document={}) == 0


def test_nobody_can_speak_for_a_recipient_of_another_tenant(ana: UUID, at: datetime) -> None:
    other = create_tenant("globex", name="Globex", actor="test", at=at).id
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="same_tenant"), transaction.atomic():
        Preferences.objects.create(recipient_id=ana, tenant_id=other, document={}, created_at=at, updated_at=at)


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_all_count(tenant_id: UUID, ana: UUID, at: datetime) -> None:
    together = threading.Barrier(6)

    def change(number: int) -> None:
        together.wait()
        with tenant_scope(tenant_id):
            change = {"channels": {f"channel_{number}": False}}
            patch(tenant_id=tenant_id, recipient_id=ana, change=change, check=lambda _: None, at=at)
        connection.close()

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(Preferences.objects.get().document["channels"]) == {f"channel_{number}" for number in range(6)}
