"""`/types`: what requests of a kind need not say."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from ledger_api import Api, a_body, problem

from notifications.models import Notification, NotificationType
from tenants.models import AuditEntry, Tenant
from tests import make

FULL = {
    "name": "Order confirmation",
    "category": "transactional",
    "priority": "critical",
    "strategy": "sequential",
    "channels": ["in_app", "email"],
    "template": "order",
    "ttl_seconds": 600,
    "unknown_policy": "at_most_once",
}


def test_put_creates_then_replaces(api: Api) -> None:
    created = api("PUT", "/types/order", FULL)
    replaced = api("PUT", "/types/order", {"key": "order", "name": "Order"})

    assert (created.status_code, created["Location"]) == (201, "/api/v1/types/order")
    assert (replaced.status_code, "Location" in replaced) == (200, False)
    body = json.loads(created.content)
    assert {**body, **FULL, "key": "order"} == body
    shown = api.get("/types/order")
    assert (shown["name"], shown["priority"], shown["channels"], shown["ttl_seconds"], shown["strategy"]) == (
        "Order",
        "medium",
        [],
        259_200,
        "",
    )
    assert AuditEntry.objects.filter(action="type.saved", object="type:order").count() == 2


def test_a_list_and_a_farewell(api: Api, tenant: Tenant) -> None:
    for key in ("a", "b"):
        api("PUT", f"/types/{key}", {})

    assert [row["key"] for row in api.get("/types")["results"]] == ["b", "a"]
    assert [api("DELETE", "/types/a").status_code for _ in range(2)] == [204, 204]
    assert problem(api("GET", "/types/a"))[:2] == (404, "not_found")
    assert AuditEntry.objects.filter(action="type.deleted").count() == 1


def keyed(key: Any) -> dict[str, Any]:
    return {"policy": {"digests": [{"key": key}]}}


@pytest.mark.parametrize(
    ("key", "body", "errors"),
    [
        pytest.param("order", {"priority": 1}, [("/priority", "invalid_choice")], id="a number for a priority"),
        pytest.param("order", {"priority": "urgent"}, [("/priority", "invalid_choice")], id="no such priority"),
        pytest.param("order", {"strategy": "x"}, [("/strategy", "unknown_strategy")], id="no such strategy"),
        pytest.param("order", {"channels": ["sms", "fax"]}, [("/channels/1", "unknown_channel")], id="no such channel"),
        pytest.param("order", {"ttl_seconds": 0}, [("/ttl_seconds", "too_small")], id="worth nothing at once"),
        pytest.param("order", {"unknown_policy": "never"}, [("/unknown_policy", "invalid_choice")], id="no policy"),
        pytest.param("order", {"key": "other"}, [("/key", "conflict")], id="two keys"),
        pytest.param("an order", {}, [("/key", "invalid_key")], id="a key with a space"),
        pytest.param("k" * 101, {}, [("/key", "invalid_key")], id="a long key"),
        pytest.param("order", {"colour": "red"}, [("/colour", "unknown_field")], id="an unknown field"),
        pytest.param("order", keyed(7), [("/policy/digests/0/key", "invalid_type")], id="no key"),
        pytest.param("order", keyed([]), [("/policy/digests/0/key", "too_few")], id="an empty key"),
        pytest.param("order", keyed(list("abcdef")), [("/policy/digests/0/key", "too_many")], id="a long key"),
        pytest.param("order", keyed(["a b"]), [("/policy/digests/0/key/0", "invalid_format")], id="no path"),
        pytest.param("order", keyed(["a", "a"]), [("/policy/digests/0/key/1", "duplicate")], id="twice the same"),
        pytest.param(
            "order",
            keyed(["a", {"path": "b", "as": "year"}]),
            [("/policy/digests/0/key/1/as", "invalid_choice")],
            id="no form",
        ),
        pytest.param(
            "order", keyed([{"as": "day"}]), [("/policy/digests/0/key/0/path", "required")], id="a form of nothing"
        ),
        pytest.param(
            "order",
            keyed([{"path": "a", "default": "x" * 101}]),
            [("/policy/digests/0/key/0/default", "too_long")],
            id="a long default",
        ),
    ],
)
def test_what_cannot_be_a_type(api: Api, key: str, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    assert problem(api("PUT", f"/types/{key}", body)) == (422, "invalid", errors)
    assert not NotificationType.objects.exists()


def test_changing_types_needs_manage(tenant: Tenant, api_of: Callable[..., Api]) -> None:
    sender = api_of(tenant, "send", "read")

    assert problem(sender("PUT", "/types/order", {}))[:2] == (403, "forbidden")
    assert problem(sender("DELETE", "/types/order"))[:2] == (403, "forbidden")
    assert sender("GET", "/types").status_code == 200


def test_a_type_serves_the_next_request(api: Api, tenant: Tenant) -> None:
    make.recipients(tenant, "ana")
    api("PUT", "/types/order", FULL)

    response = api("POST", "/notifications", a_body(type="order"))
    assert response.status_code == 202, response.content
    answer = json.loads(response.content)

    assert (answer["type"], answer["priority"], answer["strategy"]) == ("order", "critical", "sequential")
    assert Notification.objects.get().category == "transactional"
