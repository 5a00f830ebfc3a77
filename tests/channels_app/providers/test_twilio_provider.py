"""Twilio's library against the sandbox, and Twilio's words in ours."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from channels_app.providers.twilio import EMPTY_TWIML, Twilio
from channels_app.values import (
    Account,
    Forged,
    HookRequest,
    Inbound,
    NotUnderstood,
    Receipt,
    Refused,
    Retry,
    SendResult,
    Sent,
    Unknown,
    WrongCredentials,
)
from tests.channels_app.messages import make_message
from tests.channels_app.providers.listening import Listener
from tests.channels_app.providers.sandboxed import AT, provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess

CREDENTIALS = {"account_sid": "AC1", "auth_token": "s3cret", "sender": "+15005550006"}
URL = "https://shop.example/hooks/token?carillon_delivery=0190f3a2-7c1e-7b2a-9d4f-000000000001"


def sms(address: str = "+14155550100", **content: Any) -> Any:
    return make_message("sms", address=address, content={"body": "Your code is 123456"} | content)


def test_a_message_arrives_under_its_delivery_and_twilio_names_it(sandbox: SandboxProcess, hook: Listener) -> None:
    message = sms()

    with provider_at(sandbox, "twilio", hook_url=hook.url) as provider:
        (result,) = send(provider, message)

    (taken,) = sandbox.messages()
    assert isinstance(result, Sent)
    assert (taken["payload"]["id"], taken["delivery_id"]) == (result.message_id, str(message.delivery_id))
    assert (taken["channel"], taken["to"], taken["from"]) == ("sms", "+14155550100", "+15005550006")
    assert taken["text"] == "Your code is 123456"


def test_the_receipt_comes_back_signed_and_names_the_delivery(sandbox: SandboxProcess, hook: Listener) -> None:
    message = sms()

    with provider_at(sandbox, "twilio", hook_url=hook.url) as provider:
        (result,) = send(provider, message)
        (call,) = hook.wait_for(1)
        (receipt,) = provider.hear(call, at=AT).receipts

    assert isinstance(result, Sent)
    assert (receipt.kind, receipt.delivery_id, receipt.at) == ("delivered", message.delivery_id, AT)
    assert (receipt.provider_message_id, receipt.event_id) == (result.message_id, f"{result.message_id}:delivered")


def test_a_bounce_is_a_failure_for_good(sandbox: SandboxProcess, hook: Listener) -> None:
    sandbox.behave({"do": "bounce"})

    with provider_at(sandbox, "twilio", hook_url=hook.url) as provider:
        send(provider, sms())
        (call,) = hook.wait_for(1)
        (receipt,) = provider.hear(call, at=AT).receipts

    assert (receipt.kind, receipt.code, receipt.permanent) == ("failed", "30005", True)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"do": "error", "status": 500}, Unknown("20500", "500 Unable to create record: An internal server error")),
        ({"do": "error", "status": 503}, Retry("20503")),
        ({"do": "error", "status": 400}, Refused("21211", reason="invalid_address")),
        ({"do": "error", "status": 401}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 403}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 404}, Refused("20404", provider_fault=True)),
        ({"do": "throttle", "retry_after": 30}, Retry("rate_limited", after=timedelta(seconds=30))),
        ({"do": "drop_answer"}, Unknown("connection_lost")),
    ],
    ids=lambda value: str(value.get("status", value["do"])) if isinstance(value, dict) else "",
)
def test_what_twilio_says_is_what_it_means(
    sandbox: SandboxProcess, behaviour: dict[str, Any], expected: SendResult
) -> None:
    sandbox.behave(behaviour)

    with provider_at(sandbox, "twilio") as provider:
        (result,) = send(provider, sms())

    assert type(result) is type(expected)
    for name in ("code", "reason", "after", "provider_fault"):
        assert getattr(result, name, None) == getattr(expected, name, None), name


def test_a_wrong_token_is_the_accounts_fault(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "twilio", auth_token="guessed") as provider:
        (result,) = send(provider, sms())

    assert isinstance(result, Refused)
    assert (result.code, result.provider_fault) == ("bad_credentials", True)
    assert sandbox.messages() == []


def test_what_is_no_number_is_never_asked(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "twilio") as provider:
        results = send(provider, *map(sms, ("ana@example.org", "0612345678", "+33", "+1415555010O")))

    assert {(type(result), getattr(result, "reason", "")) for result in results} == {(Refused, "invalid_address")}


def test_each_country_has_its_sender_and_the_text_its_price(sandbox: SandboxProcess) -> None:
    senders = {"FR": "ACME", "GB": "+447700900000"}
    long = "é" * 161

    with provider_at(sandbox, "twilio", senders=senders) as provider:
        results = send(provider, sms("+33612345678"), sms("+447400123456"), sms("+14155550100", body=long))

    assert [result.units for result in results if isinstance(result, Sent)] == [1, 1, 2]
    assert {m["to"]: m["from"] for m in sandbox.messages()} == {
        "+33612345678": "ACME",
        "+447400123456": "+447700900000",
        "+14155550100": "+15005550006",
    }


def test_a_messaging_service_chooses_the_number_itself(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "twilio", messaging_service_sid="MG1", sender="") as provider:
        (result,) = send(provider, sms())

    assert isinstance(result, Sent)
    assert sandbox.messages()[0]["payload"]["MessagingServiceSid"] == "MG1"


def test_one_connection_carries_many_messages(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "twilio") as provider:
        results = [send(provider, sms())[0] for _ in range(5)]
        idle = [line for lines in provider._client._idle.values() for line in lines]  # type: ignore[attr-defined]

    assert [type(result) for result in results] == [Sent] * 5
    assert len(idle) == 1


def test_somebody_has_to_be_the_sender() -> None:
    with pytest.raises(WrongCredentials, match="nobody to send from"):
        Twilio.configure({"account_sid": "AC1", "auth_token": "x"})


def hear(form: dict[str, str], *, url: str = URL, token: str = "s3cret", **changes: Any) -> Any:
    signature = RequestValidator(token).compute_signature(url, form)
    request = HookRequest("POST", url, {"x-twilio-signature": signature}, urlencode(form).encode())
    account = Account("twilio", "twilio", "sms", "live", Twilio.configure(CREDENTIALS | changes))
    return Twilio(account, timeout_seconds=1).hear(request, at=AT)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "accepted"),
        ("delivered", "delivered"),
        ("undelivered", "failed"),
        ("failed", "failed"),
    ],
)
def test_a_status_is_a_receipt(status: str, kind: str) -> None:
    heard = hear({"MessageSid": "SM1", "MessageStatus": status})

    assert [(r.kind, r.event_id, str(r.delivery_id)) for r in heard.receipts] == [
        (kind, f"SM1:{status}", "0190f3a2-7c1e-7b2a-9d4f-000000000001")
    ]


@pytest.mark.parametrize(("code", "permanent"), [("30003", False), ("30005", True), ("30006", True), ("30008", False)])
def test_only_some_failures_are_for_good(code: str, permanent: bool) -> None:
    (receipt,) = hear({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code}).receipts

    assert (receipt.code, receipt.permanent) == (code, permanent)


def test_what_a_person_writes_is_heard_and_not_answered() -> None:
    form = {"MessageSid": "SM2", "SmsStatus": "received", "From": "+33612345678", "To": "+15005550006", "Body": "STOP"}

    heard = hear(form, url="https://shop.example/hooks/token")

    assert heard.inbound == (Inbound("+33612345678", "+15005550006", "STOP", "SM2", AT),)
    assert (heard.receipts, heard.answer, heard.answer_type) == ((), EMPTY_TWIML, "text/xml")


def test_a_status_of_tomorrow_says_nothing() -> None:
    assert hear({"MessageSid": "SM1", "MessageStatus": "teleported"}).receipts == ()


def test_without_a_sid_nobody_knows_what_is_meant() -> None:
    with pytest.raises(NotUnderstood):
        hear({"MessageStatus": "delivered"})


def test_another_token_signs_for_nobody() -> None:
    with pytest.raises(Forged, match="signature"):
        hear({"MessageSid": "SM1", "MessageStatus": "delivered"}, token="guessed")


def test_a_receipt_keeps_what_was_said() -> None:
    (receipt,) = hear({"MessageSid": "SM1", "MessageStatus": "delivered", "To": ""}).receipts

    assert isinstance(receipt, Receipt)
    assert receipt.raw == {"MessageSid": "SM1", "MessageStatus": "delivered", "To": ""}
