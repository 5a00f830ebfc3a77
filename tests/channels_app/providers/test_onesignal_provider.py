"""OneSignal: one message per subscription, recognised when it comes twice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from channels_app.providers.onesignal import OneSignal
from channels_app.values import Account, Refused, Retry, SendResult, Sent, Unknown
from tests.channels_app.messages import make_message
from tests.channels_app.providers.sandboxed import provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess
from tests.channels_app.scripted_http import Taken, answer, scripted_http

NOBODY = ["All included players are not subscribed"]
RICH = {
    "title": "Your parcel",
    "body": "It is here.",
    "image": "https://shop.example/p.png",
    "url": "https://shop.example/orders/1",
    "data": {"order": 7},
    "actions": [{"title": "Open", "action": "open", "url": "https://shop.example"}],
    "ttl_seconds": 600,
    "collapse_key": "orders",
}


def push(**content: Any) -> Any:
    return make_message(
        "push", address="subscription", kind="onesignal", content={"title": "T", "body": "B", **content}
    )


def exchange(given: bytes, message: Any) -> tuple[SendResult, Taken]:
    with scripted_http(lambda _: given) as server:
        config = OneSignal.configure({"app_id": "app", "api_key": "s3cret-word", "base_url": server.url})
        provider = OneSignal(Account("onesignal", "onesignal", "push", "live", config), timeout_seconds=5)
        (result,) = send(provider, message)
        provider.close()
        return result, server.taken[0]


def test_a_rich_message_is_told_in_its_words() -> None:
    message = push(**RICH)

    result, taken = exchange(answer(200, {"id": "n1"}), message)

    assert result == Sent("n1")
    assert (taken.target, taken.headers["authorization"]) == ("/notifications?c=push", "Key s3cret-word")
    said = taken.json
    key = UUID(said.pop("idempotency_key"))
    assert key.version == 4
    assert said == {
        "app_id": "app",
        "target_channel": "push",
        "include_subscription_ids": ["subscription"],
        "headings": {"en": "Your parcel"},
        "contents": {"en": "It is here."},
        "url": "https://shop.example/orders/1",
        "big_picture": RICH["image"],
        "chrome_web_image": RICH["image"],
        "ios_attachments": {"i": RICH["image"]},
        "buttons": [{"id": "open", "text": "Open", "url": "https://shop.example"}],
        "data": {
            "order": 7,
            "carillon_delivery": str(message.delivery_id),
            "url": RICH["url"],
            "actions": [{"title": "Open", "action": "open", "url": "https://shop.example"}],
        },
        "ttl": 600,
        "collapse_id": "orders",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            answer(200, {"id": "", "errors": NOBODY}),
            Refused("not_subscribed", f"200 {NOBODY[0]}", reason="invalid_address", address_gone=True),
        ),
        (
            answer(200, {"errors": {"invalid_player_ids": ["subscription"]}}),
            Refused("not_subscribed", "200", reason="invalid_address", address_gone=True),
        ),
        (answer(400, {"errors": ["Bad"]}), Refused("http_400", "400 Bad")),
        (
            answer(403, {"errors": ["Access denied"]}),
            Refused("bad_credentials", "403 Access denied", provider_fault=True),
        ),
        (answer(429, {}, Retry_After="3"), Retry("rate_limited", "429", after=timedelta(seconds=3))),
        (answer(503, b""), Retry("http_503", "503")),
        (answer(500, {"errors": ["Oops"]}), Unknown("http_500", "500 Oops")),
    ],
)
def test_every_answer_has_its_meaning(given: bytes, expected: SendResult) -> None:
    assert exchange(given, push())[0] == expected


def test_the_sandbox_takes_a_repeated_message_once(sandbox: SandboxProcess) -> None:
    message = push(**RICH)
    sandbox.behave({"do": "drop_answer", "times": 1})

    with provider_at(sandbox, "onesignal") as provider:
        (first,) = send(provider, message)
        (second,) = send(provider, message)

    assert isinstance(first, Unknown)
    assert isinstance(second, Sent)
    (shown,) = sandbox.messages()
    assert (shown["provider"], shown["to"], shown["subject"]) == ("onesignal", "subscription", "Your parcel")
    assert shown["delivery_id"] == str(message.delivery_id)


def test_the_sandbox_says_that_nobody_is_subscribed_as_onesignal_does(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 410})

    with provider_at(sandbox, "onesignal") as provider:
        (result,) = send(provider, push())

    assert isinstance(result, Refused)
    assert (result.code, result.address_gone) == ("not_subscribed", True)
