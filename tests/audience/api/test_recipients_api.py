import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience.api.filters import RecipientFilter
from audience.models import Endpoint, Recipient
from audience.services import deliver_to_inbox, disable_endpoints
from audience.tokens import read
from audience.values import InboxItemInput
from kernel.clock import now
from tenants.models import AuditEntry
from tenants.scope import tenant_scope

Api = Callable[..., object]
P256DH = "BAAA" + "A" * 83
AUTH = "A" * 22
FULL = {
    "email": "Ana@EXAMPLE.org",
    "phone": "+33 6 12 34 56 78",
    "locale": "de-at",
    "timezone": "Europe/Vienna",
    "attributes": {"plan": "pro", "nested": {"a": [1, 2.5, None]}},
    "endpoints": [
        {"channel": "push", "kind": "fcm", "address": "token", "label": "phone"},
        {
            "channel": "web_push",
            "address": {"endpoint": "https://p.example/1", "keys": {"p256dh": P256DH, "auth": AUTH}},
        },
        {"channel": "webhook", "address": "https://h.example/", "secret": "whsec_" + "A" * 32},
        {"channel": "chat", "kind": "slack", "address": "https://hooks.example/1"},
    ],
}


def codes(answer) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


def test_put_creates_somebody_with_everything_in_normal_form(api: Api, db: None) -> None:
    answer = api("PUT", "/recipients/user-1", FULL)

    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/recipients/user-1"
    body = answer.json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("updated_at").endswith("Z")
    assert sorted(body.pop("endpoints"), key=lambda endpoint: endpoint["channel"]) == [
        {"channel": "chat", "kind": "slack", "address": "https://hooks.example/1"},
        {"channel": "push", "kind": "fcm", "address": "token", "label": "phone"},
        {
            "channel": "web_push",
            "address": {"endpoint": "https://p.example/1", "keys": {"p256dh": P256DH, "auth": AUTH}},
        },
        {"channel": "webhook", "address": "https://h.example/"},
    ]
    assert body == {
        "id": "user-1",
        "email": "Ana@example.org",
        "phone": "+33612345678",
        "locale": "de-AT",
        "timezone": "Europe/Vienna",
        "attributes": {"plan": "pro", "nested": {"a": [1, 2.5, None]}},
    }


def test_what_get_answers_can_be_put_back_and_changes_nothing(api: Api) -> None:
    api("PUT", "/recipients/user-1", FULL)
    first = api("GET", "/recipients/user-1").json()

    again = {key: value for key, value in first.items() if key not in ("created_at", "updated_at")}
    answer = api("PUT", "/recipients/user-1", again)

    assert answer.status_code == 200
    assert answer.json() == first
    assert Endpoint.objects.get(channel="webhook").extra == {"secret": "whsec_" + "A" * 32}


def test_put_takes_away_what_it_does_not_say(api: Api) -> None:
    api("PUT", "/recipients/user-1", FULL)

    answer = api("PUT", "/recipients/user-1", {"email": "new@example.org"})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["email"], body["phone"], body["locale"], body["timezone"]) == ("new@example.org", None, None, None)
    assert (body["attributes"], body["endpoints"]) == ({}, [])


def test_patch_leaves_what_it_does_not_say(api: Api) -> None:
    api("PUT", "/recipients/user-1", FULL)

    answer = api("PATCH", "/recipients/user-1", {"phone": None, "attributes": {"plan": None, "city": "Graz"}})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["email"], body["phone"], body["locale"]) == ("Ana@example.org", None, "de-AT")
    assert body["attributes"] == {"nested": {"a": [1, 2.5, None]}, "city": "Graz"}
    assert len(body["endpoints"]) == 4


def test_patching_nobody_creates_nobody(api: Api, db: None) -> None:
    assert api("PATCH", "/recipients/nobody", {"locale": "fr"}).status_code == 404
    assert not Recipient.objects.exists()


def test_everything_wrong_is_told_with_its_place_and_nothing_is_kept(api: Api, db: None) -> None:
    answer = api(
        "PUT",
        "/recipients/user-1",
        {
            "id": "user-2",
            "email": "a@example.org\r\nBcc: eve@example.org",
            "phone": "0612345678",
            "timezone": "Mars/Olympus",
            "locale": "fr_FR",
        },
    )

    assert codes(answer) == {("/id", "id_mismatch")}
    answer = api(
        "PUT",
        "/recipients/user-1",
        {
            "email": "a@example.org\r\nBcc: eve@example.org",
            "phone": "0612345678",
            "timezone": "Mars/Olympus",
            "locale": "fr_FR",
            "endpoints": [{"channel": "fax", "address": "1"}, {"channel": "webhook", "address": "http://h.example/"}],
        },
    )
    assert codes(answer) == {
        ("/email", "invalid_email"),
        ("/phone", "invalid_phone"),
        ("/timezone", "unknown_timezone"),
        ("/locale", "invalid_locale"),
        ("/endpoints/0/channel", "unknown_channel"),
        ("/endpoints/1/address", "invalid_url"),
    }
    assert not Recipient.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({"nickname": "x"}, "/nickname", id="unknown field"),
        pytest.param({"email": 7}, "/email", id="number for a text"),
        pytest.param({"attributes": []}, "/attributes", id="list for an object"),
        pytest.param({"endpoints": [{"channel": "push"}]}, "/endpoints/0/address", id="missing address"),
        pytest.param({"endpoints": [{"channel": "sms", "address": "+33612345678"}] * 51}, "/endpoints", id="too many"),
    ],
)
def test_a_body_of_another_shape_is_refused(api: Api, body: dict[str, object], pointer: str) -> None:
    assert {found for found, _ in codes(api("PUT", "/recipients/user-1", body))} == {pointer}


@pytest.mark.parametrize("external_id", ["auth0|5f7c", "ana@example.org", "a:b.c", "a%20b", "%E7%94%A8", "~x'(y)!*"])
def test_ids_may_hold_any_visible_character(api: Api, external_id: str) -> None:
    path = external_id if "%" in external_id else external_id.replace("|", "%7C")
    expected = {"a%20b": None, "%E7%94%A8": "用"}.get(external_id, external_id)

    answer = api("PUT", f"/recipients/{path}", {})

    if expected is None:
        assert codes(answer) == {("/id", "invalid_external_id")}
    else:
        assert answer.status_code == 201
        assert api("GET", f"/recipients/{path}").json()["id"] == expected


def test_an_id_has_a_largest_length(api: Api) -> None:
    assert api("PUT", f"/recipients/{'x' * 255}", {}).status_code == 201
    assert codes(api("PUT", f"/recipients/{'x' * 256}", {})) == {("/id", "invalid_external_id")}


def test_somebody_of_another_tenant_is_not_there(api: Api, api_of, other_tenant_id: UUID) -> None:
    theirs = api_of(other_tenant_id, "manage")
    theirs("PUT", "/recipients/eve", {"email": "eve@example.org"})

    for method, path, body in (
        ("GET", "/recipients/eve", None),
        ("PATCH", "/recipients/eve", {}),
        ("GET", "/recipients/eve/endpoints", None),
        ("GET", "/recipients/eve/inbox", None),
        ("POST", "/recipients/eve/token", None),
        ("DELETE", f"/recipients/eve/endpoints/{uuid4()}", None),
    ):
        answer = api(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path)
    assert api("DELETE", "/recipients/eve").status_code == 204
    assert api("GET", "/recipients").json()["results"] == []
    assert theirs("GET", "/recipients/eve").status_code == 200


def test_the_same_id_and_address_may_be_somebody_in_every_tenant(api: Api, api_of, other_tenant_id: UUID) -> None:
    assert api("PUT", "/recipients/ana", {"email": "ana@example.org"}).status_code == 201
    assert api_of(other_tenant_id, "manage")("PUT", "/recipients/ana", {"email": "ana@example.org"}).status_code == 201


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("read", "GET", "/recipients", 200),
        ("read", "PUT", "/recipients/ana", 403),
        ("read", "DELETE", "/recipients/ana", 403),
        ("read", "POST", "/recipients/ana/token", 403),
        ("read", "POST", "/recipients/bulk", 403),
        ("send", "GET", "/recipients", 403),
        ("manage", "GET", "/recipients", 200),
    ],
)
def test_scopes_open_what_they_say(api_of, tenant_id: UUID, scope: str, method: str, path: str, status: int) -> None:
    assert api_of(tenant_id, scope)(method, path, None if method in ("GET", "DELETE") else {}).status_code == status


def test_erasing_somebody_is_final_and_repeatable(api: Api, ana, tenant_id: UUID) -> None:
    assert api("DELETE", "/recipients/ana").status_code == 204
    assert api("DELETE", "/recipients/ana").status_code == 204

    assert api("GET", "/recipients/ana").status_code == 404
    assert not Recipient.objects.exists()
    assert not Endpoint.objects.exists()
    assert AuditEntry.objects.filter(tenant_id=tenant_id, action="recipient.erased").count() == 1


def test_people_are_listed_newest_first_in_pages(api: Api) -> None:
    for number in range(5):
        api("PUT", f"/recipients/user-{number}", {})

    first = api("GET", "/recipients?limit=2").json()
    second = api("GET", first["next"].partition("/api/v1")[2]).json()
    third = api("GET", second["next"].partition("/api/v1")[2]).json()
    back = api("GET", second["previous"].partition("/api/v1")[2]).json()

    ids = [[row["id"] for row in page["results"]] for page in (first, second, third, back)]
    assert sorted(ids[0] + ids[1] + ids[2]) == [f"user-{number}" for number in range(5)]
    assert ids[3] == ids[0]
    assert (first["previous"], third["next"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("external_id=ana", {"ana"}),
        ("external_id=an", set()),
        ("external_id_prefix=an", {"ana", "anton"}),
        ("external_id_prefix=a%25", set()),
        ("email=Ana@EXAMPLE.org", {"ana"}),
        ("email=nobody@example.org", set()),
        ("email=nonsense", set()),
        ("phone=%2B33612345678", {"anton"}),
        ("created_after=2000-01-01T00:00:00Z", {"ana", "anton", "bob"}),
        ("created_before=2000-01-01T00:00:00Z", set()),
        ("email=Ana@example.org&external_id_prefix=b", set()),
    ],
)
def test_lists_are_narrowed(api: Api, query: str, found: set[str]) -> None:
    api("PUT", "/recipients/ana", {"email": "Ana@example.org"})
    api("PUT", "/recipients/anton", {"phone": "+33612345678"})
    api("PUT", "/recipients/bob", {})

    assert {row["id"] for row in api("GET", f"/recipients?{query}").json()["results"]} == found


def test_a_prefix_is_found_by_the_index_also_under_row_level_security(tenant_id: UUID, api: Api) -> None:
    api("POST", "/recipients/bulk", {"recipients": [{"id": f"user-{number}"} for number in range(1000)]})
    rows = Recipient.objects.filter(tenant_id=tenant_id)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")  # the owner
        cursor.execute("ANALYZE audience_recipient")

    with tenant_scope(tenant_id):
        plan = RecipientFilter(data={"external_id_prefix": "user-99"}, queryset=rows).qs.order_by().explain()

    assert re.search(r"Index Cond: .*external_id", plan), plan


def test_plain_http_reaches_only_the_named_hosts(api: Api, settings) -> None:
    settings.EGRESS_ALLOW = ("127.0.0.1:8025",)
    body = {"endpoints": [{"channel": "webhook", "address": "http://127.0.0.1:8025/hook"}]}

    assert api("PUT", "/recipients/user-1", body).status_code == 201
    settings.EGRESS_ALLOW = ()
    assert codes(api("PUT", "/recipients/user-1", body)) == {("/endpoints/0/address", "invalid_url")}


def test_an_unknown_filter_is_refused(api: Api) -> None:
    assert codes(api("GET", "/recipients?shoe_size=42")) == {("/shoe_size", "unknown_field")}


def test_a_page_of_people_costs_a_constant_number_of_statements(api: Api) -> None:
    api("POST", "/recipients/bulk", {"recipients": [{"id": f"u{n}", "email": f"u{n}@example.org"} for n in range(100)]})
    api("GET", "/recipients?limit=1")

    with CaptureQueriesContext(connection) as one:
        api("GET", "/recipients?limit=1")
    with CaptureQueriesContext(connection) as hundred:
        api("GET", "/recipients?limit=100")
    assert _asked(one) == _asked(hundred)


def _asked(queries: CaptureQueriesContext) -> list[str]:
    """Statements about people; the key is looked up again when the last time was a while ago."""
    return [query["sql"].split()[0] for query in queries if "audience_" in query["sql"]]


def test_many_are_kept_or_refused_each_on_its_own(api: Api, ana) -> None:
    answer = api(
        "POST",
        "/recipients/bulk",
        {
            "recipients": [
                {"id": "ana", "locale": "de"},
                {"id": "bob", "email": "bob@example.org"},
                {"id": "eve", "email": "no"},
                {"id": "mallory", "nickname": "m"},
                {"email": "nobody@example.org"},
                {"id": "a/b"},
                7,
            ]
        },
    )

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(r["index"], r["id"], r["status"], [(e["pointer"], e["code"]) for e in r["errors"]]) for r in results][
        :4
    ] == [
        (0, "ana", "updated", []),
        (1, "bob", "created", []),
        (2, None, "refused", [("/recipients/2/email", "invalid_email")]),
        (3, None, "refused", [("/recipients/3/nickname", "unknown_field")]),
    ]
    assert [r["status"] for r in results[4:]] == ["refused"] * 3
    assert results[4]["errors"][0]["pointer"] == "/recipients/4/id"
    assert set(Recipient.objects.values_list("external_id", "locale")) == {("ana", "de"), ("bob", "")}
    assert Endpoint.objects.filter(recipient_id=ana.id).count() == 2


def test_a_batch_has_a_largest_size(api: Api, db: None) -> None:
    everybody = [{"id": f"user-{number}"} for number in range(1001)]

    assert api("POST", "/recipients/bulk", {"recipients": everybody}).status_code == 422
    assert api("POST", "/recipients/bulk", {"recipients": []}).status_code == 422
    assert not Recipient.objects.exists()
    assert api("POST", "/recipients/bulk", {"recipients": everybody[:1000]}).status_code == 200
    assert Recipient.objects.count() == 1000


def test_a_batch_sent_twice_with_one_key_is_answered_once(api: Api) -> None:
    body = {"recipients": [{"id": "ana"}]}

    first = api("POST", "/recipients/bulk", body, **{"Idempotency-Key": "k1"})
    again = api("POST", "/recipients/bulk", body, **{"Idempotency-Key": "k1"})

    assert first.json()["results"][0]["status"] == again.json()["results"][0]["status"] == "created"
    assert again["Idempotent-Replayed"] == "true"


def test_endpoints_are_listed_without_secrets_and_forgotten(api: Api, at) -> None:
    api("PUT", "/recipients/user-1", FULL)
    disable_endpoints(ids=[Endpoint.objects.get(channel="sms").id], reason="invalid_address", at=at)

    answer = api("GET", "/recipients/user-1/endpoints")

    rows = {row["channel"]: row for row in answer.json()["results"]}
    assert rows.keys() == {"email", "sms", "push", "web_push", "webhook", "chat"}
    assert b"whsec_" not in answer.content
    assert [channel for channel, row in rows.items() if row["signed"]] == ["webhook"]
    assert (rows["sms"]["disabled_at"], rows["sms"]["disabled_reason"]) == ("2026-11-20T12:00:00Z", "invalid_address")
    assert api("DELETE", f"/recipients/user-1/endpoints/{rows['push']['id']}").status_code == 204
    assert api("DELETE", f"/recipients/user-1/endpoints/{rows['push']['id']}").status_code == 204
    assert not Endpoint.objects.filter(channel="push").exists()


def test_a_token_opens_this_persons_inbox_for_a_while(api: Api, ana) -> None:
    before = now()

    answer = api("POST", "/recipients/ana/token", {"expires_in_seconds": 120})

    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    token = read(answer.json()["token"], at=before)
    assert (token.tenant_id, token.recipient_id) == (ana.tenant_id, ana.id)
    assert timedelta(seconds=118) <= token.expires_at - before <= timedelta(seconds=121)


def test_a_token_needs_no_body_and_has_a_longest_life(api: Api, ana) -> None:
    assert api("POST", "/recipients/ana/token").status_code == 201
    assert codes(api("POST", "/recipients/ana/token", {"expires_in_seconds": 90_000})) == {
        ("/expires_in_seconds", "too_large")
    }


def test_a_key_may_read_somebodys_inbox_without_changing_it(api: Api, ana, at) -> None:
    item = InboxItemInput(uuid4(), ana.tenant_id, ana.id, uuid4(), "Hello", "World", category="news")
    deliver_to_inbox([item], at=at)

    rows = api("GET", "/recipients/ana/inbox").json()["results"]

    assert [(row["id"], row["title"], row["seen_at"]) for row in rows] == [(str(item.id), "Hello", None)]
    assert api("GET", "/recipients/ana/inbox?category=other").json()["results"] == []


def test_a_recipient_token_opens_nothing_of_the_tenants(my_api: Api, ana) -> None:
    for method, path in (("GET", "/recipients"), ("GET", "/recipients/ana"), ("GET", "/segments")):
        assert my_api(method, path).status_code == 401
