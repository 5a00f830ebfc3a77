"""The pages of operators, as the web process serves them: the connection is the app's, the pages see everybody."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tenants.models import ApiKey, AuditEntry, Tenant
from tenants.rules.key_text import parse
from tenants.scope import platform_scope
from tenants.values import IssuedKey

pytestmark = pytest.mark.django_db
PAGES = ("tenant", "apikey", "auditentry")


@pytest.fixture
def client_as_web(acme: Tenant, globex: Tenant) -> Iterator[Client]:
    """A logged-in operator; outside of a scope the connection is `carillon_app`, as in the web process."""
    User.objects.create_superuser("olga", password="a long password")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE carillon_app")
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": "olga", "password": "a long password"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    yield client
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE carillon_dispatcher")


@pytest.mark.parametrize("page", PAGES)
def test_lists_show_every_tenant(client_as_web: Client, page: str, key_of: Callable[..., IssuedKey]) -> None:
    answer = client_as_web.get(f"/admin/tenants/{page}/")

    assert answer.status_code == 200
    if page == "tenant":
        assert b"Acme" in answer.content
        assert b"Globex" in answer.content


def test_a_secret_is_nowhere(client_as_web: Client, acme: Tenant, key_of: Callable[..., IssuedKey]) -> None:
    issued = key_of(acme, "read")
    text = parse(issued.text)
    assert text is not None
    with platform_scope():
        hashed = bytes(ApiKey.objects.get(id=issued.id).secret_hash)

    pages = [client_as_web.get(f"/admin/tenants/apikey/{path}") for path in ("", f"{issued.id}/change/")]

    for page in pages:
        assert page.status_code == 200
        assert text.public_id in page.content.decode()
        assert text.secret not in page.content.decode()
        assert hashed.hex() not in page.content.decode()
        assert "secret" not in page.content.decode().lower()


def test_keys_can_be_revoked_and_it_is_written_down(
    client_as_web: Client, acme: Tenant, key_of: Callable[..., IssuedKey]
) -> None:
    issued = key_of(acme, "read")

    answer = client_as_web.post("/admin/tenants/apikey/", {"action": "revoke", "_selected_action": str(issued.id)})

    assert answer.status_code == 302
    with platform_scope():
        assert ApiKey.objects.get(id=issued.id).revoked_at is not None
        entry = AuditEntry.objects.get(action="api_key.revoked")
    assert (entry.actor, entry.object) == ("user:olga", f"key:{issued.public_id}")


@pytest.mark.parametrize(
    "path", ["apikey/add/", "auditentry/add/", "auditentry/{audit}/delete/", "tenant/{tenant}/delete/"]
)
def test_what_operators_do_not_do_by_a_click(client_as_web: Client, acme: Tenant, path: str) -> None:
    with platform_scope():
        audit = AuditEntry.objects.filter(tenant=acme).latest("id").id

    answer = client_as_web.get(f"/admin/tenants/{path.format(audit=audit, tenant=acme.id)}")

    assert answer.status_code == 403


def test_a_tenant_made_by_a_click_is_written_down(client_as_web: Client) -> None:
    answer = client_as_web.post("/admin/tenants/tenant/add/", {"key": "initech", "name": "Initech", "timezone": "UTC"})

    assert answer.status_code == 302, answer.content
    with platform_scope():
        entry = AuditEntry.objects.get(object="tenant:initech")
    assert (entry.action, entry.actor) == ("tenant.created", "user:olga")


def test_a_stranger_is_asked_to_log_in(acme: Tenant) -> None:
    assert Client().get("/admin/tenants/tenant/").status_code == 302
