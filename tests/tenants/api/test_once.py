"""`Idempotency-Key` over HTTP, also when a thousand say the same at once."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from tenants_speaking import Api, problem

from kernel.clock import now
from tenants.idempotency import KEPT_FOR, Claim, Fresh, reserve
from tenants.models import AuditEntry, IdempotencyRecord, Tenant
from tenants.scope import tenant_scope

pytestmark = [pytest.mark.django_db, pytest.mark.urls("small_routes")]
ApiOf = Callable[..., Api]
BODY = {"name": "once", "data": {"b": 1, "a": [1, 2]}}


def things() -> int:
    return AuditEntry.objects.filter(action="thing.created").count()


def send(api: Api, body: Any = BODY, key: str | None = "k-1", path: str = "/small/things") -> HttpResponse:
    return api("POST", path, body, **({} if key is None else {"Idempotency-Key": key}))


def test_the_same_request_gets_the_first_answer_again(acme: Tenant, api_of: ApiOf) -> None:
    api = api_of(acme, "send")

    first, second = send(api), send(api)

    assert things() == 1
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second["Location"] == first["Location"]
    assert second["Content-Type"] == first["Content-Type"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"


def test_the_order_of_keys_and_white_space_do_not_matter(acme: Tenant, api_of: ApiOf) -> None:
    api = api_of(acme, "send")
    first = send(api, b'{"name":"once","data":{"b":1,"a":[1,2]}}')

    second = send(api, b'{ "data": {"a": [1, 2], "b": 1},\n "name": "\\u006fnce" }')

    assert second.content == first.content
    assert things() == 1


def test_a_trailing_slash_does_not_matter(acme: Tenant, api_of: ApiOf, settings: Any) -> None:
    settings.MIDDLEWARE = ["config.middleware.slash.OptionalSlash"]
    api = api_of(acme, "send")

    assert send(api).content == send(api, path="/small/things/").content


@pytest.mark.parametrize("other", [{"name": "other"}, {**BODY, "data": {}}, {**BODY, "data": {"b": True, "a": [1, 2]}}])
def test_another_body_with_the_key_is_refused(acme: Tenant, api_of: ApiOf, other: Any) -> None:
    api = api_of(acme, "send")
    send(api)

    answer = send(api, other)

    assert (answer.status_code, problem(answer)["code"]) == (422, "idempotency_key_reused")
    assert things() == 1


def test_a_test_key_and_a_live_key_are_never_the_same_request(acme: Tenant, api_of: ApiOf) -> None:
    send(api_of(acme, "send", mode="test"))

    answer = send(api_of(acme, "send", mode="live"))

    assert problem(answer)["code"] == "idempotency_key_reused"


def test_two_keys_of_one_tenant_share_what_was_done(acme: Tenant, api_of: ApiOf) -> None:
    assert send(api_of(acme, "send")).content == send(api_of(acme, "admin")).content


def test_two_tenants_do_not_know_of_each_other(acme: Tenant, globex: Tenant, api_of: ApiOf) -> None:
    first, second = send(api_of(acme, "send")), send(api_of(globex, "send"))

    assert (first.status_code, second.status_code) == (202, 202)
    assert "Idempotent-Replayed" not in second
    assert things() == 2


def test_without_a_key_each_request_is_its_own(acme: Tenant, api_of: ApiOf) -> None:
    api = api_of(acme, "send")

    first, second = send(api, key=None), send(api, key=None)

    assert first.content != second.content
    assert things() == 2
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "né"])
def test_what_cannot_be_a_key_is_refused(acme: Tenant, api_of: ApiOf, key: str) -> None:
    answer = send(api_of(acme, "send"), key=key)

    assert (answer.status_code, problem(answer)["code"]) == (422, "invalid")
    assert things() == 0


@pytest.mark.parametrize(
    ("body", "status"), [({"name": "refused"}, 409), ({"name": 5}, 422), (b"{", 400), ({"name": "a", "x": 1}, 422)]
)
def test_only_successes_are_remembered(acme: Tenant, api_of: ApiOf, body: Any, status: int) -> None:
    api = api_of(acme, "send")

    assert send(api, body).status_code == status
    assert not IdempotencyRecord.objects.exists()
    assert send(api).status_code == 202


def test_after_seven_days_the_key_is_free_again(acme: Tenant, api_of: ApiOf) -> None:
    api = api_of(acme, "send")
    send(api)
    IdempotencyRecord.objects.update(expires_at=now())

    answer = send(api, {"name": "later"})

    assert answer.status_code == 202
    assert things() == 2
    record = IdempotencyRecord.objects.get()
    assert record.expires_at - record.created_at == KEPT_FOR


@pytest.mark.django_db(transaction=True)
def test_while_the_first_request_runs_the_second_is_told_to_come_back(
    acme: Tenant, api_of: ApiOf, at: datetime
) -> None:
    api, reserved, finish = api_of(acme, "send"), Event(), Event()

    def first_request() -> None:
        with tenant_scope(acme.id):
            reserve(acme.id, claims=[Claim("k-1", b"")], at=at)
            reserved.set()
            assert finish.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first_request)
        assert reserved.wait(20)
        answer = send(api)
        finish.set()
        running.result(20)

    assert (answer.status_code, problem(answer)["code"]) == (409, "idempotency_in_flight")
    assert answer["Retry-After"] == "1"
    assert send(api).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_who_loses_the_race_at_the_end_is_told_to_come_back(
    acme: Tenant, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock, as in big batches, the primary key decides; the loser's work is undone."""
    monkeypatch.setattr("tenants.idempotency._verdict", lambda *_, **__: Fresh())
    api = api_of(acme, "send")
    send(api)

    answer = send(api)

    assert problem(answer)["code"] == "idempotency_in_flight"
    assert things() == 1


@pytest.mark.django_db(transaction=True)
def test_a_thousand_identical_requests_at_once_have_one_effect(acme: Tenant, api_of: ApiOf) -> None:
    api = api_of(acme, "send")

    def ask(_: int) -> tuple[int, bytes, bool]:
        answer = send(api)
        return answer.status_code, answer.content, "Idempotent-Replayed" in answer

    def close(_: int) -> None:
        connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(1000)))
        list(pool.map(close, range(64)))

    statuses = Counter(status for status, _, _ in answers)
    accepted = [(body, replayed) for status, body, replayed in answers if status == 202]
    assert set(statuses) <= {202, 409}
    assert things() == 1
    assert len({body for body, _ in accepted}) == 1
    assert [replayed for _, replayed in accepted].count(False) == 1
    for status, body, _ in answers:
        assert status == 202 or json.loads(body)["code"] == "idempotency_in_flight"
    assert len(accepted) > 900  # those that were told to come back came while the first one ran
