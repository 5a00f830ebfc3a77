"""What providers told us, as operators see it: readable, and without addresses."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from channels_app.models import HookCall, Report
from tests.channels_app import reporting
from tests.channels_app.reporting import Reporter, say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reporters(settings: Settings) -> Iterator[None]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    forget_accounts()
    with reporting.reporting():
        yield
    forget_accounts()


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga", password="a long password"))
    return client


def test_calls_and_reports_are_shown_masked(operator: Client) -> None:
    (account,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == Reporter.key)
    said = {"sender": "+33612345678", "to": "x", "text": "from ana@example.org", "message_id": "i", "at": reporting.AT}
    say(account, {"kind": "bounced", "provider_message_id": "m1", "code": "30003"}, inbound=[said])
    call, reports = HookCall.objects.get(), list(Report.objects.defer("due_at"))

    pages = [
        operator.get(path)
        for path in (
            "/admin/channels_app/hookcall/",
            f"/admin/channels_app/hookcall/{call.id}/change/",
            "/admin/channels_app/report/",
            *(f"/admin/channels_app/report/{report.id}/change/" for report in reports),
        )
    ]

    assert {page.status_code for page in pages} == {200}
    whole = "".join(page.content.decode() for page in pages)
    assert "30003" in pages[1].content.decode()
    assert "bounced" in pages[2].content.decode()
    assert "ana@example.org" not in whole
    assert "33612345678" not in whole
