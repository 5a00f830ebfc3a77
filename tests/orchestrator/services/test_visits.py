"""A subscription is confirmed by asking for a URL: by the worker, through the safe client, never by the request."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from channels_app.accounts import LIVE, accounts_for, forget_accounts
from channels_app.models import Report
from channels_app.values import Account
from notifications.fields import AT_ONCE
from orchestrator import pipeline
from tests.channels_app import reporting
from tests.channels_app.reporting import Reporter, say

pytestmark = pytest.mark.django_db(transaction=True)


class Confirming(BaseHTTPRequestHandler):
    """Answers with the number in the path, and remembers what was asked for."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(int(self.path.rpartition("/")[2]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), Confirming)
    found.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def account(settings: Settings) -> Iterator[Account]:
    settings.PROVIDER_CREDENTIALS, settings.CHANNEL_ENABLE_LIST = {}, ()
    forget_accounts()
    with reporting.reporting():
        (found,) = (a for a in accounts_for("sms", mode=LIVE, tenant_id=None) if a.provider == Reporter.key)
        yield found
    forget_accounts()


def outcome() -> tuple[str, str, int]:
    return Report.objects.values_list("outcome", "reason", "tries").get()


def test_the_worker_asks_once_and_not_the_request(
    account: Account, server: ThreadingHTTPServer, settings: Settings
) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{server.server_port}",)
    asked: list[str] = server.asked  # type: ignore[attr-defined]
    for _ in range(2):
        say(account, visit=f"http://127.0.0.1:{server.server_port}/confirm/200")
    assert asked == []

    pipeline.work("receipts")
    pipeline.work("receipts")

    assert asked == ["/confirm/200"]
    assert outcome() == ("applied", "", 1)


def test_what_fails_is_asked_for_again_later(account: Account, server: ThreadingHTTPServer, settings: Settings) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{server.server_port}",)
    say(account, visit=f"http://127.0.0.1:{server.server_port}/confirm/503")

    pipeline.work("receipts")
    assert outcome()[:2] == ("", "answered_503")
    Report.objects.update(due_at=AT_ONCE)
    pipeline.work("receipts")

    assert server.asked == ["/confirm/503"] * 2  # type: ignore[attr-defined]


def test_a_private_address_is_never_asked(account: Account, server: ThreadingHTTPServer, settings: Settings) -> None:
    settings.EGRESS_ALLOW = ()
    say(account, visit=f"http://127.0.0.1:{server.server_port}/confirm/200")

    pipeline.work("receipts")

    assert server.asked == []  # type: ignore[attr-defined]
    assert outcome()[:2] == ("given_up", "not_allowed")
