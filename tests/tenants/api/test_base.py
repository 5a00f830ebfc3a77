"""A tenant's route: who calls, may they, whose rows, and what is undone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from rest_framework.request import Request
from rest_framework.response import Response
from tenants_speaking import Api, problem

from tenants.api.base import TenantView
from tenants.models import AuditEntry, Tenant
from tenants.rules.key_text import mint, parse
from tenants.scope import tenant_scope
from tenants.values import IssuedKey

pytestmark = [pytest.mark.django_db, pytest.mark.urls("small_routes")]
ApiOf = Callable[..., Api]


def test_a_route_runs_as_the_app_and_sees_its_tenant_alone(acme: Tenant, globex: Tenant, api_of: ApiOf) -> None:
    answer = api_of(globex, "read")("GET", "/small/where")

    said = json.loads(answer.content)
    assert answer.status_code == 200
    assert said.pop("actor").startswith("key:")
    assert said == {"role": "carillon_app", "tenant": str(globex.id), "sees": ["globex"]}


def test_rows_are_read_before_the_scope_ends(acme: Tenant, globex: Tenant, api_of: ApiOf) -> None:
    assert json.loads(api_of(acme, "read")("GET", "/small/lazy").content) == ["acme"]


@pytest.mark.parametrize(
    ("credential", "challenge"),
    [
        (None, 'Bearer realm="carillon"'),
        ("", 'Bearer realm="carillon"'),
        ("Bearer", 'Bearer realm="carillon"'),
        ("Bearer ", 'Bearer realm="carillon"'),
        ("Basic YTpi", 'Bearer realm="carillon"'),
        ("Bearer nonsense", 'Bearer realm="carillon", error="invalid_token"'),
        pytest.param(f"Bearer {mint('live')}", 'Bearer realm="carillon", error="invalid_token"', id="nobody's key"),
    ],
)
def test_nobody_gets_in_without_a_key(credential: str | None, challenge: str) -> None:
    headers = {} if credential is None else {"Authorization": credential}

    answer = Client().get("/small/where", headers=headers)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == challenge
    assert problem(answer)["code"] == "unauthorized"


def test_the_scheme_is_written_as_one_likes(acme: Tenant, key_of: Callable[..., IssuedKey]) -> None:
    answer = Client().get("/small/where", headers={"Authorization": f"bearer  {key_of(acme, 'read').text} "})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read", {"GET", "HEAD"}),
        ("send", {"POST"}),
        ("manage", {"GET", "HEAD", "PUT"}),
        ("admin", {"GET", "HEAD", "POST", "PUT", "DELETE"}),
    ],
)
def test_a_scope_opens_its_methods_alone(acme: Tenant, api_of: ApiOf, scope: str, allowed: set[str]) -> None:
    api = api_of(acme, scope)

    answers = {method: api(method, "/small/scopes") for method in ("GET", "HEAD", "POST", "PUT", "DELETE")}

    assert {method for method, answer in answers.items() if answer.status_code == 200} == allowed
    assert {answer.status_code for answer in answers.values()} <= {200, 403}


def test_a_refusal_names_the_scope_that_is_missing(acme: Tenant, api_of: ApiOf) -> None:
    said = problem(api_of(acme, "read")("DELETE", "/small/scopes"))

    assert said["code"] == "forbidden"
    assert "'admin'" in said["detail"]


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "SCHEMA", "CALLER", "DISPATCH"])
def test_a_method_that_is_not_there_is_a_405_that_tells_which_are(acme: Tenant, api_of: ApiOf, method: str) -> None:
    answer = api_of(acme, "admin")(method, "/small/scopes")

    assert problem(answer)["code"] == "method_not_allowed"
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST, PUT, DELETE, HEAD"


@pytest.mark.parametrize("accept", ["text/html", "application/problem+json", "*/*", "image/png", "nonsense"])
def test_json_is_answered_whatever_accept_says(acme: Tenant, api_of: ApiOf, accept: str) -> None:
    answer = api_of(acme, "read")("GET", "/small/where", Accept=accept)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("how", ["returned", "bug", "operational", "conflict", "invalid", "django404", "unique"])
def test_an_answer_that_says_no_undoes_everything(acme: Tenant, api_of: ApiOf, how: str) -> None:
    answer = api_of(acme, "send")("POST", f"/small/fails/{how}", {})

    assert answer.status_code >= 400
    assert not AuditEntry.objects.filter(action="half.done").exists()


def test_a_route_that_talks_to_the_network_has_no_transaction_open(
    acme: Tenant, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = []
    monkeypatch.setattr("tenants.api.base.tenant_scope", lambda tenant: entered.append(tenant) or tenant_scope(tenant))
    api = api_of(acme, "read")

    assert api("GET", "/small/unscoped").status_code == 200
    assert entered == []
    assert api("GET", "/small/where").status_code == 200
    assert entered == [acme.id]


def test_a_name_that_no_row_can_have_is_not_found(acme: Tenant, api_of: ApiOf) -> None:
    api = api_of(acme, "read")

    assert api("GET", "/small/named/acme").status_code == 200
    assert problem(api("GET", "/small/named/ac%00me"))["code"] == "not_found"


def test_a_method_without_a_scope_is_a_mistake_of_ours() -> None:
    with pytest.raises(ImproperlyConfigured, match="says nothing about POST"):

        class Careless(TenantView):
            scopes = {"GET": "read"}

            def post(self, request: Request) -> Response:
                return Response({})


def test_an_idempotent_route_needs_the_transaction() -> None:
    with pytest.raises(ImproperlyConfigured, match="its answer must be in the transaction"):

        class Careless(TenantView):
            idempotent = True
            scoped = False


@pytest.mark.django_db(transaction=True)
def test_the_answer_comes_after_the_commit(acme: Tenant, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that breaks at its end is a failure, not the success the handler thought it was."""
    api = api_of(acme, "send")

    answer = api("POST", "/small/fails/at_commit", {})

    assert answer.status_code == 503
    assert not AuditEntry.objects.filter(action="half.done").exists()
    assert api("POST", "/small/things", {"name": "after"}).status_code == 202


def test_every_line_of_the_log_knows_the_tenant_and_who_acts(
    acme: Tenant, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound: list[dict[str, str]] = []
    monkeypatch.setattr("tenants.api.base.bind_contextvars", lambda **said: bound.append(said))
    api = api_of(acme, "read")

    api("GET", "/small/where")

    key = parse(api.credential)
    assert key is not None
    assert bound == [{"tenant": str(acme.id), "actor": f"key:{key.public_id}"}]


def test_small_answers_say_what_they_are(acme: Tenant, api_of: ApiOf) -> None:
    said: dict[str, Any] = json.loads(api_of(acme, "send")("POST", "/small/things", {"name": "a"}).content)

    assert said["at"].endswith("Z")
    assert said["id"] == str(AuditEntry.objects.get(object="a").id)
