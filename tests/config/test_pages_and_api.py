"""Pages have sessions and see every tenant; the API has neither."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.middleware.pages import AdminScope, Authentication, Messages, Sessions
from config.middleware.slash import OptionalSlash
from tenants.models import Tenant


def role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_the_admin_works_as_one_who_sees_every_tenant() -> None:
    seen: list[str] = []

    def page(_request: HttpRequest) -> HttpResponse:
        seen.append(role())
        Tenant.objects.create(key="kept", name="Kept")
        return HttpResponse()

    AdminScope(page)(RequestFactory().get("/admin/"))

    assert seen == ["carillon_dispatcher"]
    assert role() != "carillon_dispatcher"
    assert Tenant.objects.filter(key="kept").exists()


@pytest.mark.django_db(transaction=True)
def test_an_admin_page_that_fails_leaves_nothing_behind() -> None:
    def page(_request: HttpRequest) -> HttpResponse:
        Tenant.objects.create(key="lost", name="Lost")
        return HttpResponse(status=500)

    response = AdminScope(page)(RequestFactory().get("/admin/"))

    assert response.status_code == 500
    assert not Tenant.objects.filter(key="lost").exists()


@pytest.mark.django_db
def test_an_operator_finds_the_tenants(client: Client) -> None:
    Tenant.objects.create(key="acme", name="Acme Bells")
    client.force_login(User.objects.create_superuser("operator", password="x"))

    response = client.get("/admin/tenants/tenant/")

    assert response.status_code == 200
    assert b"Acme Bells" in response.content


@pytest.mark.parametrize("path", ["/api/v1/notifications", "/hooks/x", "/sse/inbox", "/healthz"])
def test_what_is_not_a_page_has_no_session_and_no_transaction(path: str) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        assert not any(hasattr(request, name) for name in ("session", "user", "_messages"))
        assert not connection.in_atomic_block
        return HttpResponse()

    chain: Callable[[HttpRequest], HttpResponse] = answer
    for middleware in (Messages, Authentication, Sessions, AdminScope):
        chain = middleware(chain)

    assert chain(RequestFactory().get(path)).status_code == 200


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [
        ("/api/v1/notifications", "/api/v1/notifications"),
        ("/api/v1/notifications/", "/api/v1/notifications"),
        ("/u/token/", "/u/token"),
        ("/admin", "/admin/"),
        ("/admin/tenants/tenant/", "/admin/tenants/tenant/"),
        ("/", "/"),
    ],
)
def test_a_slash_at_the_end_makes_no_difference(asked: str, resolved: str) -> None:
    request = RequestFactory().get(asked)

    OptionalSlash(lambda _: HttpResponse())(request)

    assert (request.path, request.path_info) == (asked, resolved)
