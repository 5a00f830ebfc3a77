"""`POST /notifications/bulk`: a thousand at once, each on its own."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ledger_api import Api, a_body, problem

from notifications.models import Notification
from tenants.asking import Statement, unasked
from tenants.idempotency import LostRace
from tenants.models import Tenant

GOOD = json.dumps(a_body())


def bulk(api: Api, *items: Any, **headers: str) -> Any:
    """The answer to items given as JSON text or as values; must be a 202."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in items]
    response = api("POST", "/notifications/bulk", f'{{"notifications": [{",".join(texts)}]}}'.encode(), **headers)
    assert response.status_code == 202, response.content
    return json.loads(response.content)


def test_each_item_is_accepted_or_refused_on_its_own(api: Api, people: dict[str, UUID]) -> None:
    answer = bulk(
        api,
        a_body(),
        a_body(recipients=["ana", "nobody"]),
        a_body(priority="urgent", colour="red"),
        "17",
        a_body(recipients=[{"id": "new"}], idempotency_key="k"),
        a_body(recipients=["new"]),
        a_body(recipients=[{"id": "new"}], idempotency_key="k"),
        a_body(idempotency_key="k"),
    )

    assert (answer["accepted"], answer["refused"]) == (4, 4)
    results = answer["results"]
    assert [result["status"] for result in results] == [202, 422, 422, 422, 202, 202, 202, 422]
    assert [(e["pointer"], e["code"]) for e in results[1]["errors"]] == [("/recipients/1", "recipient_not_found")]
    assert sorted((e["pointer"], e["code"]) for e in results[2]["errors"]) == [
        ("/colour", "unknown_field"),
        ("/priority", "invalid_choice"),
    ]
    assert [(e["pointer"], e["code"]) for e in results[3]["errors"]] == [("", "invalid_type")]
    assert [result["code"] for result in results if "code" in result] == [
        "invalid", "invalid", "invalid", "idempotency_key_reused",
    ]  # fmt: skip
    assert results[6] == {**results[4], "replayed": True}
    rows = {str(row.id) for row in Notification.objects.all()}
    assert rows == {results[place]["id"] for place in (0, 4, 5)}
    assert results[0]["notification"]["links"]["self"] == f"/api/v1/notifications/{results[0]['id']}"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param('{"a": 1, "a": 2}', id="a key twice"),
        pytest.param('{"data": {"name": "\\u0000"}}', id="a character that cannot be stored"),
        pytest.param('{"data": ' + "[" * 70 + "]" * 70 + "}", id="nested too deep"),
    ],
)
def test_json_that_we_do_not_take_refuses_only_its_item(api: Api, people: dict[str, UUID], bad: str) -> None:
    first, second, third = bulk(api, GOOD, bad, GOOD)["results"]

    assert (first["status"], third["status"]) == (202, 202)
    assert (second["status"], second["code"]) == (400, "malformed_json")
    assert Notification.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"", (400, "malformed_json"), id="empty"),
        pytest.param(b'{"notifications": [', (400, "malformed_json"), id="cut off"),
        pytest.param(b'{"notifications": [{"a":}]}', (400, "malformed_json"), id="broken inside an item"),
        pytest.param(b'{"notifications": ' + b"[" * 5000, (400, "malformed_json"), id="endless"),
        pytest.param(b"[]", (422, "invalid"), id="a list"),
        pytest.param(b'{"notifications": []}', (422, "invalid"), id="no items"),
        pytest.param(b'{"notifications": [' + b",".join([b"{}"] * 1001) + b"]}", (422, "invalid"), id="1,001 items"),
        pytest.param(b'{"notifications": [{}], "x": 1}', (422, "invalid"), id="an unknown field"),
        pytest.param(b'{"notifications": ["' + b"x" * (10 * 1024 * 1024) + b'"]}', (413, "body_too_large"), id="11 MB"),
    ],
)
def test_a_body_that_is_no_bulk_is_refused_whole(api: Api, body: bytes, expected: tuple[int, str]) -> None:
    assert problem(api("POST", "/notifications/bulk", body))[:2] == expected


def test_all_refused_is_an_answer_too(api: Api) -> None:
    answer = bulk(api, {}, {})

    assert (answer["accepted"], answer["refused"]) == (0, 2)


def test_a_header_key_covers_them_all(api: Api, people: dict[str, UUID]) -> None:
    body = {"notifications": [a_body(), a_body(recipients=["nobody"])]}
    first = api("POST", "/notifications/bulk", body, **{"Idempotency-Key": "batch-1"})

    again = api("POST", "/notifications/bulk", body, **{"Idempotency-Key": "batch-1"})

    assert (again.status_code, again.content) == (202, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Notification.objects.count() == 1
    other = api("POST", "/notifications/bulk", {"notifications": [a_body()]}, **{"Idempotency-Key": "batch-1"})
    assert problem(other)[:2] == (422, "idempotency_key_reused")


def test_a_lost_race_is_run_again_once(api: Api, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    races = iter([LostRace("once"), None])

    def lose(*_: Any, **__: Any) -> Statement[None]:
        if race := next(races):
            raise race
        return unasked(None)

    monkeypatch.setattr("notifications.services.accept.remembering", lose)

    assert bulk(api, a_body(idempotency_key="a"))["accepted"] == 1
    assert Notification.objects.count() == 1


def test_it_takes_as_many_statements_for_a_thousand_as_for_one(
    api: Api, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.selectors.RELOAD_SECONDS", 3600.0)
    bulk(api, GOOD)
    found = []
    for size in (1, 1000):
        items = [a_body(recipients=[{"id": f"u{size}-{i}"}], idempotency_key=f"{size}-{i}") for i in range(size)]
        api.get("/types?limit=1")
        with CaptureQueriesContext(connection) as captured:
            assert bulk(api, *items)["accepted"] == size
        found.append(len(captured))

    assert found[0] == found[1]


def test_it_needs_the_scope(tenant: Tenant, api_of: Callable[..., Api]) -> None:
    assert problem(api_of(tenant, "read")("POST", "/notifications/bulk", {"notifications": [{}]}))[0] == 403
