"""Which accounts there are, from the settings."""

import os
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from channels_app.accounts import LIVE, TEST, accounts_for, close_all, mistakes, provider_for
from channels_app.contract import Account
from channels_app.registry import channels

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_configured(settings: Settings) -> Any:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    settings.RATE_LIMIT_CHANNEL, settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL = {}, "", ""
    yield
    close_all()


def keys(channel: str, mode: str) -> list[str]:
    return [account.key for account in accounts_for(channel, mode=mode, tenant_id=None)]


def test_without_settings_only_what_needs_no_credentials_works() -> None:
    open_channels = {channel.key for channel in channels if keys(channel.key, LIVE)}

    assert open_channels == {"chat", "in_app", "webhook"}
    assert (keys("in_app", LIVE), keys("in_app", TEST)) == (["inbox"], ["inbox:test"])


def test_an_smtp_account_comes_from_its_credentials(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://shop:s3cret@mail.example.org"}}

    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)

    assert (account.key, account.provider, account.channel, account.mode) == ("smtp", "smtp", "email", "live")
    assert account.config["host"] == "mail.example.org"
    assert "s3cret" not in repr(account)


def test_test_mode_leads_to_the_sandbox_and_nowhere_else(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://mail.example.org"}}
    without = keys("email", TEST)
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL = "http://127.0.0.1:8025", "smtp://127.0.0.1:2525"

    accounts = accounts_for("email", mode=TEST, tenant_id=None)
    account = min(accounts, key=lambda account: account.terms.priority)

    assert without == []
    assert all(account.key.endswith(":test") for account in accounts)
    assert (account.key, account.config["host"], account.config["port"]) == ("smtp:test", "127.0.0.1", 2525)
    assert keys("email", LIVE) == ["smtp"]


def test_channels_that_are_not_enabled_have_no_account(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://mail.example.org"}}
    settings.CHANNEL_ENABLE_LIST = ("email",)

    assert (keys("email", LIVE), keys("in_app", LIVE)) == (["smtp"], [])


def test_a_process_has_one_instance_of_an_account(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://mail.example.org"}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL = "http://127.0.0.1:8025", "smtp://127.0.0.1:2525"
    (live,), (test, *_) = (accounts_for("email", mode=mode, tenant_id=None) for mode in (LIVE, TEST))
    (again,) = accounts_for("email", mode=LIVE, tenant_id=None)

    assert provider_for(live) is provider_for(again)
    assert provider_for(live) is not provider_for(test)
    assert provider_for(live).timeout_seconds == settings.ORCHESTRATOR.email_timeout_seconds


def test_a_changed_account_gets_a_new_instance(settings: Settings) -> None:
    found: list[Account] = []
    for host in ("a.example.org", "b.example.org"):
        settings.PROVIDER_CREDENTIALS = {"smtp": {"url": f"smtp://{host}"}}
        found += accounts_for("email", mode=LIVE, tenant_id=None)
    first = provider_for(found[0])

    second = provider_for(found[1])

    assert second is not first
    assert second.account.config["host"] == "b.example.org"


def test_a_forked_child_begins_anew(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://mail.example.org"}}
    (account,) = accounts_for("email", mode=LIVE, tenant_id=None)
    here = provider_for(account)

    child = os.fork()
    if child == 0:
        os._exit(0 if provider_for(account) is not here else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert provider_for(account) is here


def test_mistakes_stop_the_start(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {
        "smtp": {"url": "smtp://shop:s3cret@mail.example.org?tls=perhaps"},
        "pigeon": {"url": "pigeon://x"},
        "inbox": {"a": 1},
    }
    settings.CHANNEL_ENABLE_LIST = ("email", "fax")
    settings.RATE_LIMIT_CHANNEL = {"telex": None}

    told = mistakes()

    assert [line.partition(" ")[0].rstrip(":") for line in told] == [
        "CHANNEL_ENABLE_LIST",
        "RATE_LIMIT_CHANNEL_TELEX",
        "PROVIDER_CREDENTIALS_SMTP",
        "PROVIDER_CREDENTIALS_PIGEON",
        "PROVIDER_CREDENTIALS_INBOX",
    ]
    assert "s3cret" not in " ".join(told)
    assert [error.msg for error in run_checks(tags=["channels"])] == list(told)


def test_no_mistakes_is_a_quiet_start(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://mail.example.org"}}

    assert mistakes() == ()
