"""Who may see and change words in the editor, and what its frames may do."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client

from templates_app.pages.frame import in_scheme
from tests.templates_app.asking import ORDER, said

PAGE, API = "/admin/templates/", "/admin/templates/-/api/templates"


def person(*permissions: str, staff: bool = True, strict: bool = False) -> Client:
    """Somebody who is logged in. `strict`: their browser has to send the CSRF token."""
    someone = User.objects.create_user("sam", is_staff=staff)
    someone.user_permissions.set(
        Permission.objects.filter(codename__in=permissions, content_type__app_label="templates_app")
    )
    client = Client(enforce_csrf_checks=strict)
    client.force_login(someone)
    return client


def call(client: Client, method: str, path: str, tenant: object, body: Any = None, **headers: str) -> HttpResponse:
    return client.generic(
        method,
        f"{API}{path}",
        b"" if body is None else json.dumps(body).encode(),
        content_type="application/json",
        headers={"X-Carillon-Tenant": str(tenant), **headers},
    )


def test_a_stranger_is_sent_to_the_login(db: None, client: Client) -> None:
    answer = client.get(f"{PAGE}welcome?tenant=acme")

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/login/?next=/admin/templates/welcome%3Ftenant%3Dacme"


@pytest.mark.parametrize(
    ("permissions", "staff"),
    [
        pytest.param((), True, id="staff without the permission"),
        pytest.param(("change_template",), False, id="no staff"),
    ],
)
def test_others_are_refused(tenant_id: UUID, permissions: tuple[str, ...], staff: bool) -> None:
    client = person(*permissions, staff=staff)

    assert client.get(PAGE).status_code == 403
    assert call(client, "GET", "", tenant_id).status_code in (401, 403)
    assert client.post(f"{PAGE}-/frame", {"html": "x"}).status_code == 403


def test_the_page_of_a_partial_is_for_the_same_people(tenant_id: UUID, client: Client) -> None:
    page = f"{PAGE}-/partials/button"

    assert client.get(page)["Location"].startswith("/admin/login/?next=")
    shown = person("view_template").get(page)
    assert 'data-partial="button"' in shown.content.decode()
    assert "data-may-write" not in shown.content.decode()


def test_nobody_calls_the_api_of_the_editor_without_a_session(tenant_id: UUID, client: Client) -> None:
    assert call(client, "GET", "", tenant_id).status_code == 401


def test_who_may_look_may_not_write(tenant_id: UUID) -> None:
    client = person("view_template")

    assert call(client, "GET", "", tenant_id).status_code == 200
    assert call(client, "PUT", "/order", tenant_id, ORDER).status_code == 403
    assert "data-may-write" not in client.get(PAGE).content.decode()


def test_who_may_write_writes_for_the_tenant_that_is_named_alone(tenant_id: UUID, other_tenant_id: UUID) -> None:
    client = person("change_template")

    written = call(client, "PUT", "/order", tenant_id, ORDER)

    assert written.status_code == 201, written.content
    assert [row["key"] for row in said(call(client, "GET", "", tenant_id))["results"]] == ["order"]
    assert said(call(client, "GET", "", other_tenant_id))["results"] == []


@pytest.mark.parametrize("tenant", ["", "acme", "01a1f8f5-24d4-7c39-920f-04a02f11730a"])
def test_a_tenant_has_to_be_named(tenant_id: UUID, tenant: str) -> None:
    answer = call(person("change_template"), "GET", "", tenant)

    assert (answer.status_code, said(answer)["code"]) == (400, "invalid_tenant")


def test_a_page_of_somebody_else_cannot_write(tenant_id: UUID) -> None:
    client = person("change_template", strict=True)

    answer = call(client, "PUT", "/order", tenant_id, ORDER)

    assert (answer.status_code, said(answer)["code"]) == (403, "csrf_failed")
    assert said(call(client, "GET", "", tenant_id))["results"] == []


def test_the_page_allows_no_foreign_code(tenant_id: UUID) -> None:
    answer = person("view_template").get(PAGE)

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "<script>" not in answer.content.decode()
    assert " style=" not in answer.content.decode()


def test_a_frame_runs_nothing(tenant_id: UUID) -> None:
    answer = person("view_template").post(f"{PAGE}-/frame", {"html": "<script>1</script>", "scheme": "dark"})

    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "script-src" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("dark", "@media (min-width: 0) {a} @media (max-width: 0) {b}"),
        ("light", "@media (max-width: 0) {a} @media (min-width: 0) {b}"),
    ],
)
def test_a_frame_is_as_dark_as_the_editor_asks(scheme: str, expected: str) -> None:
    page = "@media (prefers-color-scheme: dark) {a} @media (Prefers-Color-Scheme:light) {b}"

    assert in_scheme(page, scheme) == expected


def test_the_reference_of_the_api_knows_nothing_of_the_editor(client: Client, db: None) -> None:
    paths = said(client.get("/api/v1/schema"))["paths"]

    assert [path for path in paths if "admin" in path] == []
