"""Operators keep the platform's accounts in the admin; secrets go in and never come out."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from channels_app.accounts import accounts_for, close_all, forget_accounts
from channels_app.models import AccountChange, ProviderAccount
from channels_app.services import Facts, create, credentials_of
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import a_tenant

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/channels_app/provideraccount/"
PASSWORD = "s3cret-of-the-platform"
FILLED = {
    "key": "relay",
    "provider": "smtp",
    "mode": "live",
    "credentials": f'{{"url": "smtp://carillon:{PASSWORD}@mail.example.org"}}',
    "name": "Relay",
    "enabled": "on",
    "weight": "100",
    "priority": "0",
    "cost_micros": "0",
}


@pytest.fixture
def operator(client: Client, settings: Settings) -> Iterator[Client]:
    settings.PROVIDER_CREDENTIALS = {}
    client.force_login(User.objects.create_superuser("eve"))
    forget_accounts()
    yield client
    close_all()
    forget_accounts()


def page(response: HttpResponse, status: int = 200) -> str:
    text = response.content.decode()
    assert response.status_code == status, text[:2000]
    return text


def made(operator: Client, **said: str) -> ProviderAccount:
    page(operator.post(f"{LIST}add/", {**FILLED, **said}), 302)
    return ProviderAccount.objects.get()


def act(operator: Client, row: ProviderAccount, action: str, **said: Any) -> str:
    return page(operator.post(LIST, {"action": action, "index": 0, "_selected_action": [row.id], **said}, follow=True))


def test_an_account_of_the_platform_is_everybodys(operator: Client) -> None:
    row = made(operator)

    (account,) = accounts_for("email", mode="live", tenant_id=a_tenant().id)

    assert (row.tenant_id, row.channel, account.id) == (None, "email", row.id)
    assert account.config["password"] == PASSWORD


def test_what_is_kept_is_not_shown(operator: Client) -> None:
    row = made(operator)

    pages = [page(operator.get(path)) for path in (LIST, f"{LIST}{row.id}/change/", f"{LIST}add/")]

    assert PASSWORD not in "".join(pages)
    assert "/hooks/" in pages[1]
    assert "closed: no calls" in pages[0]


def test_an_account_is_changed_without_its_secrets(operator: Client) -> None:
    row = made(operator)

    page(operator.post(f"{LIST}{row.id}/change/", {**FILLED, "credentials": "", "weight": "40", "per_hour": "9"}), 302)

    row.refresh_from_db()
    assert (row.weight, row.share, row.per_hour) == (40, 40, 9)
    assert PASSWORD in credentials_of(row)["url"]
    assert set(AccountChange.objects.values_list("actor", "field")) == {
        ("user:eve", "weight"),
        ("user:eve", "per_hour"),
    }


@pytest.mark.parametrize("credentials", ["", "[]", '{"url": "gopher://x"}', "{"])
def test_credentials_that_will_not_do_are_told(operator: Client, credentials: str) -> None:
    told = page(operator.post(f"{LIST}add/", {**FILLED, "credentials": credentials}))

    assert "errornote" in told or "errorlist" in told or "text-red" in told
    assert not ProviderAccount.objects.exists()


def test_a_key_is_taken_once(operator: Client) -> None:
    made(operator)

    told = page(operator.post(f"{LIST}add/", FILLED))

    assert "the platform has an account of this key already" in told
    assert ProviderAccount.objects.count() == 1


def test_accounts_of_tenants_are_switched_off_and_it_is_told(operator: Client, at: datetime) -> None:
    tenant = a_tenant()
    facts = Facts(key="own", provider="smtp", credentials={"url": "smtp://mail.example.org"})
    row = create(facts, tenant_id=tenant.id, actor="test", at=at)

    told = act(operator, row, "disable")

    row.refresh_from_db()
    assert (row.enabled, "1 disabled" in told) == (False, True)
    assert accounts_for("email", mode="live", tenant_id=tenant.id) == ()
    act(operator, row, "enable")
    assert len(accounts_for("email", mode="live", tenant_id=tenant.id)) == 1


def test_a_test_message_is_asked_for_sent_and_its_outcome_shown(operator: Client) -> None:
    server = ScriptedServer()
    server.start()
    row = made(operator, credentials=f'{{"url": "{server.url}"}}')

    asked = act(operator, row, "send_test")
    wrong = act(operator, row, "send_test", confirmed="yes", to="nobody")
    none_yet = len(server.received)
    told = act(operator, row, "send_test", confirmed="yes", to="ops@example.org")
    server.stop()

    assert "Send a real message through Relay?" in asked
    assert "text-red" in wrong
    assert (none_yet, len(server.received)) == (0, 1)
    assert "100% of 1" in told


def test_a_deleted_account_leaves_its_story(operator: Client) -> None:
    row = made(operator)

    page(operator.post(f"{LIST}{row.id}/delete/", {"post": "yes"}), 302)

    assert not ProviderAccount.objects.exists()
    assert AccountChange.objects.get().field == "deleted"
    assert "deleted" in page(operator.get("/admin/channels_app/accountchange/"))
