"""The e-mail APIs against the sandbox: what all of them must do, and each one's words in ours."""

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import override_settings

from channels_app.values import Refused, Retry, SendResult, Sent, Unknown
from kernel.clock import now
from tests.channels_app.messages import CONTENTS, make_message
from tests.channels_app.providers.listening import Listener
from tests.channels_app.providers.sandboxed import provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess

KEYS = ("resend", "postmark", "mailgun", "brevo", "sendgrid", "ses")


@pytest.fixture(params=KEYS)
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def mail(**changes: Any) -> Any:
    content = CONTENTS["email"] | changes.pop("content", {})
    return make_message("email", content=content, **changes)


def test_a_mail_arrives_with_everything_it_says(sandbox: SandboxProcess, key: str) -> None:
    message = mail(
        address="ana@example.org",
        content={"subject": "Your order: größer", "preheader": "It ships today", "reply_to": "help@example.org"},
        unsubscribe_url="https://shop.example/u/abc?x=1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        metadata={"tags": ["orders"]},
    )

    with provider_at(sandbox, key, sender="Shop <shop@example.org>") as provider:
        (result,) = send(provider, message)

    (taken,) = sandbox.messages()
    headers = {name.lower(): value for name, value in taken["headers"].items()}
    assert isinstance(result, Sent)
    assert taken["payload"]["id"] == result.message_id
    assert (taken["to"], taken["delivery_id"]) == ("ana@example.org", str(message.delivery_id))
    assert "shop@example.org" in taken["from"]
    assert (taken["subject"], taken["text"].strip()) == ("Your order: größer", "It is on its way.")
    assert "It ships today" in taken["html"]
    assert "<p>It is on its way.</p>" in taken["html"]
    assert headers["message-id"] == f"<{message.delivery_id}@example.org>"
    assert headers["list-unsubscribe"] == "<https://shop.example/u/abc?x=1>"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["auto-submitted"] == "auto-generated"
    assert headers["x-carillon-traceparent"] == message.traceparent
    assert "help@example.org" in str(taken["payload"]) + str(headers)


@pytest.mark.parametrize(
    ("behaviour", "kind", "permanent"),
    [
        (None, "delivered", False),
        ("bounce", "bounced", True),
        ("complain", "complained", None),
        ("open", "opened", False),
        ("click", "clicked", False),
    ],
)
def test_a_receipt_comes_back_and_names_the_delivery(
    sandbox: SandboxProcess, hook: Listener, key: str, behaviour: str | None, kind: str, permanent: bool | None
) -> None:
    if behaviour:
        sandbox.behave({"do": behaviour})
    message = mail()

    with provider_at(sandbox, key, hook_url=hook.url) as provider:
        (result,) = send(provider, message)
        calls = hook.wait_for(1 if kind in ("delivered", "bounced") else 2)
        heard = [provider.hear(call, at=now()) for call in calls]

    receipts = [receipt for each in heard for receipt in each.receipts]
    (receipt,) = [receipt for receipt in receipts if receipt.kind == kind]
    assert isinstance(result, Sent)
    assert (receipt.delivery_id, receipt.provider_message_id) == (message.delivery_id, result.message_id)
    assert permanent is None or receipt.permanent is permanent
    assert receipt.raw


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"do": "error", "status": 500}, Unknown("")),
        ({"do": "error", "status": 502}, Unknown("")),
        ({"do": "error", "status": 503}, Retry("")),
        ({"do": "error", "status": 401}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 403}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 413}, Refused("")),
        ({"do": "throttle", "retry_after": 30}, Retry("rate_limited", after=timedelta(seconds=30))),
        ({"do": "drop_answer"}, Unknown("connection_lost")),
    ],
    ids=lambda value: str(value.get("status", value["do"])) if isinstance(value, dict) else "",
)
def test_what_a_provider_says_is_what_it_means(
    sandbox: SandboxProcess, key: str, behaviour: dict[str, Any], expected: SendResult
) -> None:
    sandbox.behave(behaviour)

    with provider_at(sandbox, key) as provider:
        (result,) = send(provider, mail())

    assert type(result) is type(expected)
    assert not expected.code or result.code == expected.code  # type: ignore[union-attr]
    for name in ("reason", "after", "provider_fault"):
        assert getattr(result, name, None) == getattr(expected, name, None), name


def test_an_address_that_is_none_is_the_address_fault(sandbox: SandboxProcess, key: str) -> None:
    with provider_at(sandbox, key) as provider:
        results = send(provider, mail(address="ana@nowhere"), mail(address="ana@example.org>\r\nBcc: eve@example.org"))

    assert [type(result) for result in results] == [Refused, Refused]
    assert [getattr(result, "reason", "") for result in results] == ["invalid_address"] * 2
    assert sandbox.messages() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"unsubscribe_url": "https://shop.example/u\r\nBcc: eve@example.org"},
        {"unsubscribe_url": "https://shop.example/u>, <mailto:eve@example.org"},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"content": {"reply_to": "help@example.org, eve@example.org"}},
    ],
)
def test_nothing_can_be_put_into_a_header(sandbox: SandboxProcess, key: str, changes: dict[str, Any]) -> None:
    with provider_at(sandbox, key) as provider:
        (result,) = send(provider, mail(**changes))

    assert isinstance(result, Refused)
    assert (result.code, result.reason) == ("unsafe_header", "render_error")
    assert sandbox.messages() == []


@pytest.mark.parametrize("key", ["resend", "brevo"])
def test_the_same_key_sends_once(sandbox: SandboxProcess, key: str) -> None:
    message = mail()

    with provider_at(sandbox, key) as provider:
        results = [send(provider, message)[0] for _ in range(2)]

    assert [type(result) for result in results] == [Sent, Sent]
    assert len(sandbox.messages()) == 1


def test_the_same_key_for_another_mail_leaves_the_first_one_possible(sandbox: SandboxProcess) -> None:
    first = mail()
    second = mail(content={"subject": "Another"}, idempotency_key=first.idempotency_key)

    with provider_at(sandbox, "resend") as provider:
        send(provider, first)
        (result,) = send(provider, second)

    assert isinstance(result, Unknown)
    assert result.code == "invalid_idempotent_request"


def test_a_batch_is_one_call_and_each_mail_has_its_own_answer(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 406, "to": "gone@example.org"})
    mails = [mail(address=f"{name}@example.org") for name in ("a", "gone", "b")]
    mails[2:2] = [mail(address="nowhere@nowhere"), mail(unsubscribe_url="nonsense")]

    with provider_at(sandbox, "postmark") as provider:
        results = send(provider, *mails)

    assert [type(result) for result in results] == [Sent, Refused, Refused, Refused, Sent]
    assert [getattr(result, "code", "") for result in results[1:4]] == ["406", "invalid_to", "unsafe_header"]
    ids = {message["delivery_id"]: message["payload"]["id"] for message in sandbox.messages()}
    assert ids == {str(mails[place].delivery_id): getattr(results[place], "message_id", "") for place in (0, 4)}


def test_a_batch_that_is_turned_away_sends_nothing(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 503, "to": "b@example.org"})

    with provider_at(sandbox, "postmark") as provider:
        results = send(provider, mail(address="a@example.org"), mail(address="b@example.org"))

    assert [type(result) for result in results] == [Retry, Retry]
    assert sandbox.messages() == []


# Files


@pytest.fixture
def files() -> Iterator[dict[str, Any]]:
    """A server of files: {"url", "status", "body"}; its host is an exception of the operator's."""
    told: dict[str, Any] = {"status": 200, "body": b"%PDF-1.7 invoice"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(told["status"])
            self.send_header("Content-Length", str(len(told["body"])))
            self.end_headers()
            self.wfile.write(told["body"])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told["url"] = f"http://127.0.0.1:{server.server_address[1]}/invoice.pdf"
    with override_settings(EGRESS_ALLOW=(urlsplit(told["url"]).netloc,)):
        yield told
    server.shutdown()
    server.server_close()


def attached(**file: Any) -> dict[str, Any]:
    return {"attachments": [{"filename": "invoice.pdf", "content_type": "application/pdf", **file}]}


def test_files_go_along_by_content_and_by_url(sandbox: SandboxProcess, key: str, files: dict[str, Any]) -> None:
    content = attached(content_base64=base64.b64encode(b"hello").decode())
    content["attachments"] += attached(url=files["url"])["attachments"]

    with provider_at(sandbox, key) as provider:
        (result,) = send(provider, mail(content=content))

    assert isinstance(result, Sent)
    assert sandbox.messages()[0]["payload"]["files"] == ["invoice.pdf", "invoice.pdf"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"status": 404}, Refused("attachment_missing")),
        ({"status": 503}, Retry("attachment_out")),
        ({"body": b"x" * (7 * 1024 * 1024 + 1)}, Refused("attachments_too_large")),
    ],
    ids=["missing", "out", "too large"],
)
def test_a_file_that_cannot_be_had_sends_nothing(
    sandbox: SandboxProcess, files: dict[str, Any], told: dict[str, Any], expected: SendResult
) -> None:
    files |= told

    with provider_at(sandbox, "resend") as provider:
        (result,) = send(provider, mail(content=attached(url=files["url"])))

    assert (type(result), result.code) == (type(expected), expected.code)  # type: ignore[union-attr]
    assert sandbox.messages() == []


def test_a_file_in_the_house_is_never_fetched(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "resend") as provider:
        (result,) = send(provider, mail(content=attached(url="https://127.0.0.1/secrets")))

    assert isinstance(result, Refused)
    assert result.code == "attachment_blocked"
    assert sandbox.messages() == []
