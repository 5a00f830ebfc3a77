"""Web push: what a browser reads, what its push service checks, and what its answers mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from channels_app.providers.vapid import Vapid
from channels_app.sandbox import push_identities
from channels_app.values import Account, Message, Refused, Retry, SendResult, Sent, Unknown, WrongCredentials
from tests.channels_app.messages import make_message
from tests.channels_app.providers.browsers import Browser
from tests.channels_app.providers.sandboxed import provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess
from tests.channels_app.url_world import answered, body_of, header_of
from tests.kernel.http_server import Server, serving

RICH = {
    "title": "Your parcel",
    "body": "It is here.",
    "image": "https://shop.example/p.png",
    "url": "https://shop.example/orders/1",
    "data": {"order": 7},
    "actions": [{"title": "Open", "action": "open"}],
    "ttl_seconds": 600,
    "collapse_key": "orders and more than 32 letters of them",
}
BROWSER = Browser()


def push(address: str, **changes: Any) -> Message:
    return make_message("web_push", address=address, **{"endpoint_extra": {"keys": BROWSER.keys}, **changes})


def exchange(settings: Settings, given: bytes = answered(201), **changes: Any) -> tuple[SendResult, Server, Message]:
    config = Vapid.configure({"private_key": push_identities.vapid_key(), "subject": "mailto:push@carillon.test"})
    provider = Vapid(Account("vapid", "vapid", "web_push", "live", config), timeout_seconds=5)
    with serving(given) as server:
        settings.EGRESS_ALLOW = tuple(server.allow)
        message = push(server.url, **changes)
        return send(provider, message)[0], server, message


def test_the_browser_can_read_it_and_nobody_else(settings: Settings) -> None:
    result, server, message = exchange(settings, content=RICH)

    assert result == Sent(str(message.delivery_id))
    body = body_of(server.requests[0])
    assert b"parcel" not in body
    assert BROWSER.read(body) == {
        "title": "Your parcel",
        "body": "It is here.",
        "image": RICH["image"],
        "tag": RICH["collapse_key"],
        "actions": [{"action": "open", "title": "Open"}],
        "data": {
            "order": 7,
            "carillon_delivery": str(message.delivery_id),
            "url": RICH["url"],
            "actions": [{"title": "Open", "action": "open"}],
        },
    }


def test_the_push_service_learns_who_we_are_and_how_long_to_keep_it(settings: Settings) -> None:
    _, server, _ = exchange(settings, content=RICH)

    (request,) = server.requests
    assert (header_of(request, "ttl"), header_of(request, "content-encoding")) == ("600", "aes128gcm")
    assert len(header_of(request, "topic")) == 32
    scheme, _, value = header_of(request, "authorization").partition(" ")
    given = dict(part.partition("=")[::2] for part in value.split(","))
    public = ec.derive_private_key(
        push_identities.elliptic_key("vapid key").private_numbers().private_value, ec.SECP256R1()
    ).public_key()
    claims = jwt.decode(given["t"], public, algorithms=["ES256"], audience=f"http://127.0.0.1:{server.port}")
    assert scheme == "vapid"
    assert claims["sub"] == "mailto:push@carillon.test"
    assert claims["exp"] - datetime.now(UTC).timestamp() <= timedelta(hours=24).total_seconds()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answered(410), Refused("unsubscribed", "410", reason="invalid_address", address_gone=True)),
        (answered(404), Refused("unsubscribed", "404", reason="invalid_address", address_gone=True)),
        (answered(413), Refused("http_413", "413", reason="render_error")),
        (answered(403), Refused("bad_credentials", "403")),
        (
            answered(429, Retry_After="8"),
            Retry("rate_limited", "429", after=timedelta(seconds=8), provider_fault=False),
        ),
        (answered(503), Retry("http_503", "503", provider_fault=False)),
        (answered(500), Unknown("http_500", "500", provider_fault=False)),
    ],
)
def test_every_answer_has_its_meaning(settings: Settings, given: bytes, expected: SendResult) -> None:
    assert exchange(settings, given)[0] == expected


@pytest.mark.parametrize(
    "keys", [{}, None, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "%", "auth": ""}, {"auth": "AAAA"}]
)
def test_keys_that_are_none_are_refused_without_a_call(settings: Settings, keys: Any) -> None:
    result, server, _ = exchange(settings, endpoint_extra={"keys": keys})

    assert isinstance(result, Refused)
    assert (result.code, result.reason, server.connections) == ("bad_subscription", "invalid_address", 0)


def test_an_endpoint_inside_is_not_called() -> None:
    config = Vapid.configure({"private_key": push_identities.vapid_key(), "subject": "https://carillon.test"})
    provider = Vapid(Account("vapid", "vapid", "web_push", "live", config), timeout_seconds=5)

    (result,) = send(provider, push("https://169.254.169.254/push"))

    assert isinstance(result, Refused)
    assert result.code == "address_not_public"


@pytest.mark.parametrize(
    ("key", "subject"),
    [
        ("nonsense", "mailto:a@example.org"),
        ("", "mailto:a@example.org"),
        (push_identities.pem(push_identities.fcm_key()), "mailto:a@example.org"),
        (push_identities.vapid_key(), "somebody"),
    ],
)
def test_a_key_or_a_subject_that_is_none_is_refused_at_configuration(key: str, subject: str) -> None:
    with pytest.raises(WrongCredentials):
        Vapid.configure({"private_key": key, "subject": subject})


def test_a_key_may_be_pem(settings: Settings) -> None:
    raw = Vapid.configure({"private_key": push_identities.vapid_key(), "subject": "https://carillon.test"})
    pem = Vapid.configure(
        {
            "private_key": push_identities.pem(push_identities.elliptic_key("vapid key")),
            "subject": "https://carillon.test",
        }
    )

    public = {
        Vapid(Account("vapid", "vapid", "web_push", "live", config), timeout_seconds=1).public_key()
        for config in (raw, pem)
    }
    assert len(public) == 1


# Against the sandbox


def test_the_sandbox_gives_subscriptions_and_reads_what_is_sent_to_them(
    sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{sandbox.http_port}",)
    status, subscription = sandbox.api("POST", "subscriptions", {"name": "ana-phone"})
    assert status == 201
    message = push(subscription["endpoint"], content=RICH, endpoint_extra={"keys": subscription["keys"]})

    with provider_at(sandbox, "vapid") as provider:
        assert send(provider, message) == [Sent(str(message.delivery_id))]

    (shown,) = sandbox.messages(to=subscription["endpoint"])
    assert (shown["channel"], shown["subject"], shown["text"]) == ("web_push", "Your parcel", "It is here.")
    assert shown["delivery_id"] == str(message.delivery_id)


def test_the_sandbox_refuses_what_it_cannot_read(sandbox: SandboxProcess, settings: Settings) -> None:
    settings.EGRESS_ALLOW = (f"127.0.0.1:{sandbox.http_port}",)

    with provider_at(sandbox, "vapid") as provider:
        (result,) = send(provider, push(f"http://127.0.0.1:{sandbox.http_port}/web_push/ana"))

    assert result == Refused("http_400", "400")
    assert sandbox.messages() == []
