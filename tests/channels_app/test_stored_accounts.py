"""Provider accounts in the database: whose count, when a change is seen, and that their secrets stay secret."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import LIVE, TEST, account_of_hook, accounts_for, close_all, forget_accounts, ways_of
from channels_app.models import AccountChange, ProviderAccount
from channels_app.services import Facts, KeyTaken, change, create, credentials_of, delete, facts_of
from channels_app.values import WrongCredentials
from tenants.models import AuditEntry
from tenants.scope import platform_scope, tenant_scope
from tests.make import a_tenant

pytestmark = pytest.mark.django_db

MAIL = Facts(key="main", provider="smtp", credentials={"url": "smtp://shop:s3cret@mail.example.org"})


@pytest.fixture(autouse=True)
def nothing_configured(settings: Settings) -> Iterator[None]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    yield
    forget_accounts()
    close_all()


@pytest.fixture
def acme() -> UUID:
    return a_tenant("acme").id


@pytest.fixture
def globex() -> UUID:
    return a_tenant("globex").id


def made(at: datetime, tenant_id: UUID | None = None, **facts: Any) -> ProviderAccount:
    row = create(replace(MAIL, **facts), tenant_id=tenant_id, actor="user:ops", at=at)
    forget_accounts()
    return row


def names(tenant_id: UUID | None, mode: str = LIVE) -> list[str]:
    return [account.key.rpartition(":")[0] for account in accounts_for("email", mode=mode, tenant_id=tenant_id)]


def test_a_tenants_own_accounts_come_before_the_platforms_and_those_before_the_settings(
    at: datetime, acme: UUID, globex: UUID, settings: Settings
) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://settings.example.org"}}
    (named,) = accounts_for("email", mode=LIVE, tenant_id=acme)
    made(at, key="shared")
    shared = names(acme), names(globex), names(None)
    made(at, acme, key="own")
    made(at, acme, key="second")

    assert named.key == "smtp"
    assert shared == (["smtp:shared"], ["smtp:shared"], ["smtp:shared"])
    assert (names(acme), names(globex)) == (["smtp:own", "smtp:second"], ["smtp:shared"])


def test_whoever_switches_its_accounts_off_has_none(at: datetime, acme: UUID, globex: UUID) -> None:
    made(at, key="shared")
    row = made(at, acme)

    change(row, replace(facts_of(row), enabled=False), actor="key:x", at=at)
    forget_accounts()

    assert (names(acme), names(globex)) == ([], ["smtp:shared"])


def test_modes_are_apart(at: datetime, acme: UUID) -> None:
    made(at, acme, mode="test")

    assert (names(acme, LIVE), names(acme, TEST)) == ([], ["smtp:main"])


def test_live_keys_lead_to_the_sandbox_only_where_it_is_wished_and_nothing_is_configured(
    at: datetime, acme: UUID, settings: Settings
) -> None:
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL = "http://127.0.0.1:8025", "smtp://127.0.0.1:2525"
    without = accounts_for("email", mode=LIVE, tenant_id=acme)
    settings.SANDBOX_LIVE = True
    wished = [account.key for account in accounts_for("email", mode=LIVE, tenant_id=acme)]
    inbox = [account.key for account in accounts_for("in_app", mode=LIVE, tenant_id=acme)]
    made(at, acme)

    assert without == ()
    assert "smtp:sandbox" in wished
    assert inbox == ["inbox"]
    assert names(acme) == ["smtp:main"]


def test_accounts_of_a_batch_cost_one_statement(at: datetime, acme: UUID, globex: UUID) -> None:
    for tenant_id in (acme, globex, None):
        for key in ("a", "b", "c"):
            made(at, tenant_id, key=key)
    forget_accounts()

    with platform_scope(), CaptureQueriesContext(connection) as queries:
        ways = ways_of({acme, globex})
        for _ in range(50):
            for tenant_id in (acme, globex, None):
                assert len(ways.to("email", mode=LIVE, tenant_id=tenant_id)) == 3

    assert len(queries) == 1


def test_secrets_are_sealed_bound_to_their_row_and_in_no_repr(at: datetime, acme: UUID, globex: UUID) -> None:
    row, other = made(at, acme), made(at, globex)
    (account,) = accounts_for("email", mode=LIVE, tenant_id=acme)
    with connection.cursor() as cursor:
        cursor.execute("SELECT channels_app_provideraccount::text FROM channels_app_provideraccount")
        kept = "".join(text for (text,) in cursor.fetchall())

    assert account.config["password"] == "s3cret"
    assert b"s3cret".hex() not in kept
    assert "s3cret" not in kept + repr(account) + repr(row)

    ProviderAccount.objects.filter(id=other.id).update(secrets=row.secrets, hook_token=row.hook_token)
    forget_accounts()
    assert accounts_for("email", mode=LIVE, tenant_id=globex) == ()
    assert len(accounts_for("email", mode=LIVE, tenant_id=acme)) == 1


def test_a_former_secret_key_still_opens(at: datetime, acme: UUID, settings: Settings) -> None:
    made(at, acme)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    )
    forget_accounts()

    assert names(acme) == ["smtp:main"]


def test_after_resealing_a_former_secret_key_is_not_needed(at: datetime, acme: UUID, settings: Settings) -> None:
    made(at, acme), made(at)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    )
    told = [io.StringIO(), io.StringIO()]

    for out in told:
        call_command("reseal_accounts", stdout=out)
    settings.SECRET_KEY_FALLBACKS = []
    forget_accounts()

    assert [out.getvalue().strip() for out in told] == [
        "2 sealed anew, 0 unreadable",
        "0 sealed anew, 0 unreadable",
    ]
    assert names(acme) == ["smtp:main"]


def test_a_tenant_sees_and_writes_its_own_rows_and_never_the_platforms(at: datetime, acme: UUID, globex: UUID) -> None:
    made(at, acme), made(at, globex), made(at, key="shared")

    with tenant_scope(acme):
        seen = list(ProviderAccount.objects.values_list("tenant_id", flat=True))
        touched = ProviderAccount.objects.update(name="mine")
        used = names(globex)

    assert (seen, touched) == ([acme], 1)
    assert used == ["smtp:main"]  # what the pipeline may know the API must not tell: it asks for its caller alone


def test_every_account_has_a_hook_url_that_finds_it(at: datetime, acme: UUID, settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://settings.example.org"}}
    (named,) = accounts_for("email", mode=LIVE, tenant_id=None)
    row = made(at, acme)
    (own,) = accounts_for("email", mode=LIVE, tenant_id=acme)
    tokens = {url.rpartition("/hooks/")[2] for url in (named.hook_url, own.hook_url)}
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    )

    found = {account_of_hook(token) for token in tokens}

    assert {account.key for account in found if account} == {named.key, own.key}
    assert own.hook_url.startswith(settings.PUBLIC_URL)
    assert (own.id, own.tenant_id) == (row.id, acme)
    assert account_of_hook("x" * 43) is None
    assert all(len(token) >= 43 for token in tokens)


def test_a_disabled_account_still_hears_and_a_deleted_one_does_not(at: datetime, acme: UUID) -> None:
    row = made(at, acme)
    (account,) = accounts_for("email", mode=LIVE, tenant_id=acme)
    token = account.hook_url.rpartition("/")[2]

    change(row, replace(facts_of(row), enabled=False), actor="key:x", at=at)
    heard = account_of_hook(token)
    delete(row, actor="key:x", at=at)

    assert heard == account
    assert account_of_hook(token) is None


def test_keys_are_unique_for_each_owner(at: datetime, acme: UUID, globex: UUID) -> None:
    made(at, acme), made(at, globex), made(at)

    for owner in (acme, None):
        with pytest.raises(KeyTaken, match="'main'"):
            made(at, owner)


def test_what_changes_is_told_without_secrets(at: datetime, acme: UUID) -> None:
    row = made(at, acme)
    wanted = replace(facts_of(row), weight=10, credentials={"url": "smtp://shop:n3w@mail.example.org"})

    moved = change(row, wanted, actor="key:x", at=at)
    again = change(row, wanted, actor="key:x", at=at)

    assert (moved, again) == (True, False)
    assert (row.weight, row.share) == (10, 10)
    story = AccountChange.objects.order_by("field").values_list("field", "before", "after", "actor")
    assert list(story) == [
        ("credentials.url", "(secret)", "(secret)", "key:x"),
        ("weight", 100, 10, "key:x"),
    ]
    assert credentials_of(row) == {"url": "smtp://shop:n3w@mail.example.org"}
    actions = AuditEntry.objects.order_by("-action").values_list("action", "detail")
    assert list(actions) == [
        ("provider_account.created", {"provider": "smtp"}),
        ("provider_account.changed", {"fields": ["credentials.url", "weight"]}),
    ]


def test_wrong_credentials_change_nothing(at: datetime, acme: UUID) -> None:
    row = made(at, acme)

    with pytest.raises(WrongCredentials):
        change(row, replace(facts_of(row), weight=1, credentials={"url": "gopher://x"}), actor="key:x", at=at)

    row.refresh_from_db()
    assert (row.weight, credentials_of(row)) == (100, dict(MAIL.credentials or {}))


def test_the_story_of_an_account_cannot_be_rewritten(at: datetime, acme: UUID) -> None:
    row = made(at, acme)
    change(row, replace(facts_of(row), weight=1), actor="key:x", at=at)

    with pytest.raises(ProgrammingError, match="permission denied"):
        AccountChange.objects.update(reason="nothing happened")
