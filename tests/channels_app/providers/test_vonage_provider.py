"""Vonage's API against the sandbox, and Vonage's words in ours."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest

from channels_app.providers.vonage import Vonage
from channels_app.values import Account, Forged, HookRequest, Inbound, Refused, Retry, SendResult, Sent, Unknown
from kernel.clock import now
from tests.channels_app.messages import make_message
from tests.channels_app.providers.listening import Listener
from tests.channels_app.providers.sandboxed import AT, provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess

SECRET = "a signature secret that is long enough for everybody"
STATUS = {"message_uuid": "m1", "to": "33612345678", "from": "Shop", "timestamp": "2026-11-20T11:59:00.000Z"}


def sms(address: str = "+33612345678", **content: Any) -> Any:
    return make_message("sms", address=address, content={"body": "Your code is 123456"} | content)


def test_a_message_arrives_and_its_receipt_comes_back(sandbox: SandboxProcess, hook: Listener) -> None:
    message = sms()

    with provider_at(sandbox, "vonage", hook_url=hook.url) as provider:
        (result,) = send(provider, message)
        (call,) = hook.wait_for(1)
        (receipt,) = provider.hear(call, at=now()).receipts

    (taken,) = sandbox.messages()
    assert isinstance(result, Sent)
    assert (taken["to"], taken["from"], taken["delivery_id"]) == ("+33612345678", "Carillon", str(message.delivery_id))
    assert (receipt.kind, receipt.delivery_id) == ("delivered", message.delivery_id)
    assert receipt.provider_message_id == result.message_id


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"do": "error", "status": 500}, Unknown("1030")),
        ({"do": "error", "status": 503}, Retry("1030")),
        ({"do": "error", "status": 400}, Refused("1170", reason="invalid_address")),
        ({"do": "error", "status": 401}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 402}, Refused("1070", provider_fault=True)),
        ({"do": "error", "status": 422}, Refused("1030")),
        ({"do": "throttle", "retry_after": 30}, Retry("rate_limited", after=timedelta(seconds=30))),
        ({"do": "drop_answer"}, Unknown("connection_lost")),
    ],
    ids=lambda value: str(value.get("status", value["do"])) if isinstance(value, dict) else "",
)
def test_what_vonage_says_is_what_it_means(
    sandbox: SandboxProcess, behaviour: dict[str, Any], expected: SendResult
) -> None:
    sandbox.behave(behaviour)

    with provider_at(sandbox, "vonage") as provider:
        (result,) = send(provider, sms())

    assert type(result) is type(expected)
    for name in ("code", "reason", "after", "provider_fault"):
        assert getattr(result, name, None) == getattr(expected, name, None), name


def test_each_country_has_its_sender_and_the_text_its_price(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "vonage", senders={"FR": "ACME"}) as provider:
        results = send(provider, sms(body="ż" * 71), sms("+14155550100"))

    assert [result.units for result in results if isinstance(result, Sent)] == [2, 1]
    assert {m["to"]: m["from"] for m in sandbox.messages()} == {"+33612345678": "ACME", "+14155550100": "Carillon"}


def hear(said: dict[str, Any], **changes: Any) -> Any:
    body = json.dumps(said).encode()
    claims = {"iat": int(AT.timestamp()), "payload_hash": sha256(body).hexdigest()} | changes
    authorization = f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"
    config = Vonage.configure({"api_key": "k", "api_secret": "s", "sender": "Shop", "signature_secret": SECRET})
    provider = Vonage(Account("vonage", "vonage", "sms", "live", config), timeout_seconds=1)
    return provider.hear(HookRequest("POST", "https://x", {"authorization": authorization}, body), at=AT)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("submitted", "accepted"),
        ("delivered", "delivered"),
        ("rejected", "failed"),
        ("undeliverable", "failed"),
    ],
)
def test_a_status_is_a_receipt(status: str, kind: str) -> None:
    (receipt,) = hear(STATUS | {"status": status}).receipts

    assert (receipt.kind, receipt.event_id, receipt.at) == (kind, f"m1:{status}", AT - timedelta(minutes=1))


@pytest.mark.parametrize(("code", "permanent"), [(1050, True), (1190, True), (1180, False)])
def test_only_some_failures_are_for_good(code: int, permanent: bool) -> None:
    (receipt,) = hear(STATUS | {"status": "undeliverable", "error": {"title": code}}).receipts

    assert (receipt.code, receipt.permanent) == (str(code), permanent)


def test_what_a_person_writes_is_heard() -> None:
    heard = hear(STATUS | {"from": "33612345678", "to": "15005550006", "text": "STOP", "message_type": "text"})

    assert heard.inbound == (Inbound("+33612345678", "+15005550006", "STOP", "m1", AT - timedelta(minutes=1)),)


def test_a_token_of_yesterday_is_not_believed() -> None:
    with pytest.raises(Forged, match="too old"):
        hear(STATUS | {"status": "delivered"}, iat=int(AT.timestamp()) - 301)


def test_a_token_for_another_body_is_not_believed() -> None:
    with pytest.raises(Forged, match="digest"):
        hear(STATUS | {"status": "delivered"}, payload_hash="0" * 64)
