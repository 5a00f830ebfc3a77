"""Webhooks: what a receiver sees, and what each of its answers means."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from channels_app.providers.http_webhook import HttpWebhook
from channels_app.rules.standard_webhooks import verify
from channels_app.signing import tenant_secrets
from channels_app.values import Account, Message, Refused, Retry, SendResult, Sent, Unknown
from kernel.clock import monotonic
from tests.channels_app.messages import make_message
from tests.channels_app.url_world import answered, body_of, hang_up, header_of
from tests.kernel.http_server import OK, Reply, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ACCOUNT = Account("http_webhook", "http_webhook", "webhook", "live")


def send(message: Message) -> SendResult:
    provider = HttpWebhook(ACCOUNT, timeout_seconds=3)
    (result,) = provider.send([message], deadline=monotonic() + 3)
    provider.close()
    return result


def exchange(settings: Settings, answer: Reply = OK, **changes: Any) -> tuple[SendResult, list[bytes], Message]:
    with serving(answer) as server:
        settings.EGRESS_ALLOW = tuple(server.allow)
        message = make_message("webhook", address=server.url, **changes)
        return send(message), server.requests, message


def headers_of(request: bytes) -> dict[str, str]:
    return {name: header_of(request, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}


def test_a_receiver_can_verify_what_it_gets(settings: Settings) -> None:
    result, (request,), message = exchange(settings, endpoint_extra={"secret": SECRET}, traceparent="00-a-b-01")

    assert result == Sent(str(message.delivery_id), delivered=True, detail="answered 200")
    assert json.loads(body_of(request)) == {"event": "order.shipped", "order": {"id": 123}}
    assert header_of(request, "content-type") == "application/json"
    assert header_of(request, "traceparent") == "00-a-b-01"
    assert header_of(request, "webhook-id") == str(message.delivery_id)
    verify(headers_of(request), body_of(request), at=datetime.now(UTC), secrets=[SECRET])


def test_an_endpoint_without_a_secret_is_signed_with_its_tenants(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = ["a-former-key"]

    _, (request,), message = exchange(settings)

    current, former = tenant_secrets(message.tenant_id)
    for secret in (current, former):
        verify(headers_of(request), body_of(request), at=datetime.now(UTC), secrets=[secret])
    assert current != tenant_secrets(message.notification_id)[0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answered(204), Sent),
        (answered(302, Location="/x"), Refused("redirect_refused", "answered 302; redirects are not followed")),
        (
            answered(410),
            Refused("gone", "answered 410: it wants no more", reason="invalid_address", address_gone=True),
        ),
        (answered(404), Retry("not_found", "answered 404", provider_fault=False)),
        (answered(500), Retry("http_500", "answered 500", provider_fault=False)),
        (answered(401), Retry("unauthorized", "answered 401", provider_fault=False)),
        (
            answered(429, Retry_After="120"),
            Retry("rate_limited", "answered 429", after=timedelta(minutes=2), provider_fault=False),
        ),
        (
            answered(503, Retry_After="Sat, 21 Nov 2020 00:00:00 GMT"),
            Retry("http_503", "answered 503", after=timedelta(0), provider_fault=False),
        ),
        (answered(503, Retry_After="soon"), Retry("http_503", "answered 503", provider_fault=False)),
    ],
)
def test_every_answer_has_its_meaning(settings: Settings, answer: bytes, expected: Any) -> None:
    result, _, _ = exchange(settings, answer)

    assert type(result) is Sent if expected is Sent else result == expected


def test_a_lost_answer_is_unknown_and_no_fault_of_the_account(settings: Settings) -> None:
    result, _, _ = exchange(settings, hang_up)

    assert result == Unknown("connection_lost", "ConnectionResetError", provider_fault=False)


@pytest.mark.parametrize(
    ("url", "code"),
    [("https://169.254.169.254/latest", "address_not_public"), ("http://example.com/", "scheme_not_allowed")],
)
def test_an_address_inside_is_refused(url: str, code: str) -> None:
    result = send(make_message("webhook", address=url))

    assert isinstance(result, Refused)
    assert (result.code, result.reason, result.address_gone) == (code, "invalid_address", False)


def test_a_secret_that_cannot_sign_is_refused_without_a_call(settings: Settings) -> None:
    result, requests, _ = exchange(settings, endpoint_extra={"secret": "whsec_%%"})

    assert isinstance(result, Refused)
    assert (result.code, requests) == ("bad_secret", [])
