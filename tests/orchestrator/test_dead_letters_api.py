"""`/dead-letters`: what operators see and do."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from audience.services import upsert_recipients
from audience.values import RecipientInput
from notifications.models import Delivery
from orchestrator.models import DeadLetter
from orchestrator.services.dead_letters import discard, tag
from tenants.scope import tenant_scope
from tests.orchestrator.conftest import Api
from tests.orchestrator.ledger_rows import letter_of, make_dead, make_notification


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content)
    assert response.status_code == status, body
    return body


def ids_in(response: HttpResponse) -> set[str]:
    return {row["id"] for row in said(response)["results"]}


def test_a_dead_letter_tells_where_it_died_and_why(api: Api, tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        people = upsert_recipients(tenant_id=tenant_id, recipients=[RecipientInput(id="user-1")], at=at)
    delivery = make_dead(tenant_id, at=at, recipient_id=people["user-1"])
    root = f"/api/v1/deliveries/{delivery.id}"
    expected = {
        "id": str(delivery.id),
        "notification": str(delivery.notification_id),
        "recipient": "user-1",
        "channel": "email",
        "provider": "smtp",
        "reason": "attempts_exhausted",
        "error": {"code": "smtp_451"},
        "attempts": 3,
        "state": "open",
        "tags": [],
        "added_at": "2026-11-20T12:00:00Z",
        "replays": 0,
        "replayed_at": None,
        "discarded_at": None,
        "delivery_status": "failed",
        "links": {"delivery": root, "timeline": f"{root}/timeline"},
    }

    assert said(api("GET", f"/dead-letters/{delivery.id}")) == expected
    assert said(api("GET", "/dead-letters")) == {"results": [expected], "next": None, "previous": None}


FILTERS = [
    pytest.param("", {"mail", "chat"}, id="open ones, unless said otherwise"),
    pytest.param("?state=any", {"mail", "chat", "gone"}, id="any state"),
    pytest.param("?state=discarded", {"gone"}, id="one state"),
    pytest.param("?channel=chat", {"chat"}, id="channel"),
    pytest.param("?provider=smtp&reason=poison", {"chat"}, id="provider and reason"),
    pytest.param("?tag=vip", {"mail"}, id="tag"),
    pytest.param("?added_after=2026-11-20T13:00:00Z", {"chat"}, id="added from, included"),
    pytest.param("?added_before=2026-11-20T13:00:00Z", {"mail"}, id="added until, excluded"),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_the_list_is_filtered(api: Api, tenant_id: UUID, at: datetime, query: str, expected: set[str]) -> None:
    named = {
        "mail": make_dead(tenant_id, at=at).id,
        "chat": make_dead(tenant_id, at=at, channel="chat", reason="poison").id,
        "gone": make_dead(tenant_id, at=at).id,
    }
    tag([named["mail"]], tenant_id=tenant_id, add=["vip"], actor="test", at=at)
    discard([named["gone"]], tenant_id=tenant_id, reason="", actor="test", at=at)
    DeadLetter.objects.filter(id=named["chat"]).update(added_at=at + timedelta(hours=1))

    assert ids_in(api("GET", f"/dead-letters{query}")) == {str(named[name]) for name in expected}


def test_the_list_can_be_narrowed_to_a_notification(api: Api, tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, recipients=2, status="failed")
    two = [make_dead(tenant_id, at=at, notification=notification) for _ in range(2)]
    make_dead(tenant_id, at=at)

    assert ids_in(api("GET", f"/dead-letters?notification={notification.id}")) == {str(row.id) for row in two}


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        pytest.param("?state=dead", "/state", "invalid_format", id="unknown state"),
        pytest.param("?added_after=yesterday", "/added_after", "invalid_format", id="no moment"),
        pytest.param("?chanel=email", "/chanel", "unknown_field", id="a typo is told, not passed over"),
    ],
)
def test_a_filter_that_will_not_do_is_refused(api: Api, query: str, pointer: str, code: str) -> None:
    (error,) = said(api("GET", f"/dead-letters{query}"), 422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)


def test_pages_go_from_new_to_old(api: Api, tenant_id: UUID, at: datetime) -> None:
    letters = [make_dead(tenant_id, at=at + timedelta(seconds=number)) for number in range(5)]
    newest_first = [str(letter.id) for letter in reversed(letters)]

    first = said(api("GET", "/dead-letters?limit=2"))
    second = said(api("GET", first["next"].removeprefix("http://testserver")))

    assert [row["id"] for row in first["results"] + second["results"]] == newest_first[:4]


def test_a_long_page_takes_as_many_statements_as_a_short_one(api: Api, tenant_id: UUID, at: datetime) -> None:
    for number in range(8):
        make_dead(tenant_id, at=at + timedelta(seconds=number))
    api("GET", "/dead-letters")  # the key is known from here on

    with CaptureQueriesContext(connection) as short:
        said(api("GET", "/dead-letters?limit=1"))
    with CaptureQueriesContext(connection) as long:
        said(api("GET", "/dead-letters?limit=8"))

    assert len(long) == len(short)


def test_replaying_by_ids(api: Api, tenant_id: UUID, at: datetime) -> None:
    delivery, other = make_dead(tenant_id, at=at), make_dead(tenant_id, at=at)

    done = said(api("POST", "/dead-letters/replay", {"ids": [str(delivery.id), str(uuid4())]}))

    assert {**done, "last_due_at": None} == {
        "matched": 1,
        "replayed": 1,
        "remaining": 0,
        "dry_run": False,
        "rate_per_second": 50,
        "last_due_at": None,
    }
    assert done["last_due_at"].endswith("Z")
    assert (letter_of(delivery).state, letter_of(other).state) == ("replayed", "open")
    shown = said(api("GET", f"/dead-letters/{delivery.id}"))
    assert (shown["state"], shown["replays"], shown["delivery_status"]) == ("replayed", 1, "queued")


def test_replaying_by_filter_then_again(api: Api, tenant_id: UUID, at: datetime) -> None:
    wanted = make_dead(tenant_id, at=at, channel="chat")
    make_dead(tenant_id, at=at)
    asked = {"filter": {"channel": "chat"}, "rate_per_second": 1000}

    first = said(api("POST", "/dead-letters/replay", asked))
    second = said(api("POST", "/dead-letters/replay", asked))

    assert (first["matched"], first["replayed"]) == (1, 1)
    assert (second["matched"], second["replayed"], second["last_due_at"]) == (0, 0, None)
    assert Delivery.objects.get(state="pending").id == wanted.id


def test_the_same_idempotency_key_gets_the_first_answer_again(api: Api, tenant_id: UUID, at: datetime) -> None:
    make_dead(tenant_id, at=at)
    headers = {"Idempotency-Key": "replay-1"}

    first = api("POST", "/dead-letters/replay", {"filter": {}}, **headers)
    second = api("POST", "/dead-letters/replay", {"filter": {}}, **headers)

    assert said(first)["replayed"] == 1
    assert (second.content, second["Idempotent-Replayed"]) == (first.content, "true")


def test_a_dry_run_changes_nothing(api: Api, tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)

    done = said(api("POST", "/dead-letters/replay", {"filter": {}, "dry_run": True}))

    assert (done["matched"], done["replayed"], done["dry_run"]) == (1, 0, True)
    assert letter_of(delivery).state == "open"


REFUSED = [
    pytest.param("/replay", {}, "", "invalid", id="neither ids nor filter"),
    pytest.param("/replay", {"ids": [str(uuid4())], "filter": {}}, "", "invalid", id="both ids and filter"),
    pytest.param("/replay", {"ids": []}, "/ids", "too_few", id="no ids"),
    pytest.param("/replay", {"filter": {}, "rate_per_second": 0}, "/rate_per_second", "too_small", id="rate of none"),
    pytest.param(
        "/replay", {"filter": {}, "rate_per_second": 1001}, "/rate_per_second", "too_large", id="rate too high"
    ),
    pytest.param(
        "/replay", {"filter": {"chanel": "sms"}}, "/filter/chanel", "unknown_field", id="a typo in the filter"
    ),
    pytest.param("/replay", {"filter": {"state": "dead"}}, "/filter/state", "invalid_choice", id="an unknown state"),
    pytest.param("/tag", {"ids": [str(uuid4())], "add": [""]}, "/add/0", "invalid_format", id="an empty tag"),
    pytest.param("/discard", {"ids": ["x"]}, "/ids/0", "invalid_format", id="no id"),
    pytest.param("/discard", {}, "/ids", "required", id="discard what?"),
]


@pytest.mark.parametrize(("route", "body", "pointer", "code"), REFUSED)
def test_what_will_not_do_is_refused_and_changes_nothing(
    api: Api, tenant_id: UUID, at: datetime, route: str, body: Any, pointer: str, code: str
) -> None:
    delivery = make_dead(tenant_id, at=at)

    (error,) = said(api("POST", f"/dead-letters{route}", body), 422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)
    assert letter_of(delivery).state == "open"


def test_tagging_and_discarding(api: Api, tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)
    ids = [str(delivery.id)]

    tagged = said(api("POST", "/dead-letters/tag", {"ids": ids, "add": ["provider outage", "vip"]}))
    untagged = said(api("POST", "/dead-letters/tag", {"ids": ids, "remove": ["vip"]}))
    discarded = said(api("POST", "/dead-letters/discard", {"ids": ids, "reason": "wrong number"}))
    again = said(api("POST", "/dead-letters/discard", {"ids": ids, "reason": "wrong number"}))

    assert [answer["changed"] for answer in (tagged, untagged, discarded, again)] == [1, 1, 1, 0]
    letter = letter_of(delivery)
    assert (letter.tags, letter.state) == (["provider outage"], "discarded")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/dead-letters/replay", {"filter": {}}),
        ("POST", "/dead-letters/tag", {"ids": [str(uuid4())], "add": ["x"]}),
        ("POST", "/dead-letters/discard", {"ids": [str(uuid4())]}),
    ],
)
def test_reading_is_not_enough_to_change(
    tenant_id: UUID, at: datetime, api_of: Callable[..., Api], method: str, path: str, body: Any
) -> None:
    delivery = make_dead(tenant_id, at=at)

    response = api_of(tenant_id, "read")(method, path, body)

    assert said(response, 403)["code"] == "forbidden"
    assert letter_of(delivery).state == "open"


def test_another_tenants_letters_are_not_there(api: Api, tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    theirs = make_dead(other_tenant_id, at=at)
    ids = [str(theirs.id)]

    assert said(api("GET", "/dead-letters"))["results"] == []
    assert said(api("GET", f"/dead-letters/{theirs.id}"), 404)["code"] == "not_found"
    assert said(api("POST", "/dead-letters/replay", {"ids": ids}))["replayed"] == 0
    assert said(api("POST", "/dead-letters/tag", {"ids": ids, "add": ["mine"]}))["changed"] == 0
    assert said(api("POST", "/dead-letters/discard", {"ids": ids}))["changed"] == 0
    assert (letter_of(theirs).state, letter_of(theirs).tags) == ("open", [])
