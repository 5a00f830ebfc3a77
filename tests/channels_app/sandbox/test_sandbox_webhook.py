"""The sandbox as somebody's webhook, called by our own provider, and the ways it misbehaves for all of HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels_app.providers.http_webhook import HttpWebhook
from channels_app.values import Account, Message, Retry, SendResult, Sent, Unknown
from kernel.clock import monotonic
from tests.channels_app.messages import make_message
from tests.channels_app.sandbox.process import SandboxProcess

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Send = Callable[..., SendResult]


@pytest.fixture
def send(sandbox: SandboxProcess, settings: Settings) -> Send:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{sandbox.http_port}",)

    def send(message: Message, *, seconds: float = 5.0) -> SendResult:
        provider = HttpWebhook(Account("http_webhook", "http_webhook", "webhook", "live"), timeout_seconds=seconds)
        return provider.send([message], deadline=monotonic() + seconds)[0]

    return send


def message_to(sandbox: SandboxProcess, name: str, **changes: Any) -> Message:
    return make_message("webhook", address=f"http://127.0.0.1:{sandbox.http_port}/webhook/{name}", **changes)


def test_what_arrives_is_shown_with_its_delivery(sandbox: SandboxProcess, send: Send) -> None:
    message = message_to(sandbox, "ana")

    assert isinstance(send(message), Sent)

    (shown,) = sandbox.messages(to=message.address)
    assert (shown["channel"], shown["provider"]) == ("webhook", "http_webhook")
    assert shown["delivery_id"] == str(message.delivery_id)
    assert shown["payload"]["signature"] == "not checked"
    assert shown["payload"]["body"] == {"event": "order.shipped", "order": {"id": 123}}


def test_a_signature_is_checked_when_the_secret_is_known(sandbox: SandboxProcess, send: Send) -> None:
    assert sandbox.api("PUT", "webhooks/signed", {"secret": SECRET})[0] == 204

    good = send(message_to(sandbox, "signed", endpoint_extra={"secret": SECRET}))
    bad = send(message_to(sandbox, "signed", endpoint_extra={"secret": f"{SECRET[:-2]}ab"}))

    assert isinstance(good, Sent)
    assert bad == Retry("unauthorized", "answered 401", provider_fault=False)
    assert [shown["payload"]["signature"] for shown in sandbox.messages()] == ["good"]


def test_a_secret_that_is_none_is_refused(sandbox: SandboxProcess) -> None:
    status, problem = sandbox.api("PUT", "webhooks/signed", {"secret": "whsec_%"})

    assert (status, problem["errors"][0]["pointer"]) == (422, "/secret")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"do": "error"}, Retry("http_500", "answered 500", provider_fault=False)),
        ({"do": "error", "status": 404}, Retry("not_found", "answered 404", provider_fault=False)),
        (
            {"do": "throttle", "retry_after": 7},
            Retry("rate_limited", "answered 429", after=timedelta(seconds=7), provider_fault=False),
        ),
    ],
)
def test_a_refusal_is_obeyed_and_kept_apart(
    sandbox: SandboxProcess, send: Send, rule: dict[str, Any], expected: SendResult
) -> None:
    sandbox.behave({"to": "*/webhook/ana", **rule})

    assert send(message_to(sandbox, "ana")) == expected

    assert sandbox.messages() == []
    (rejection,) = sandbox.get("rejections")["results"]
    assert rejection["provider"] == "http_webhook"


@pytest.mark.parametrize(
    ("rule", "code"),
    [({"do": "drop_answer"}, "connection_lost"), ({"do": "drip", "seconds": 0.2}, "timeout")],
)
def test_an_answer_that_is_lost_leaves_an_accepted_message(
    sandbox: SandboxProcess, send: Send, rule: dict[str, Any], code: str
) -> None:
    sandbox.behave(rule)

    result = send(message_to(sandbox, "ana"), seconds=0.8)

    assert isinstance(result, Unknown)
    assert result.code == code
    assert len(sandbox.messages()) == 1


def test_who_hangs_up_during_a_delay_was_not_accepted(sandbox: SandboxProcess, send: Send) -> None:
    sandbox.behave({"do": "delay", "seconds": 1, "times": 1})

    assert isinstance(send(message_to(sandbox, "slow"), seconds=0.3), Unknown)
    assert isinstance(send(message_to(sandbox, "fast")), Sent)
    sandbox.behave({"do": "delay", "seconds": 1.2, "times": 1})
    assert isinstance(send(message_to(sandbox, "patient")), Sent)

    assert [shown["to"].rpartition("/")[2] for shown in sandbox.messages()] == ["patient", "fast"]
