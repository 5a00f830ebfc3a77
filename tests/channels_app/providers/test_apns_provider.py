"""APNs through aioapns, against the sandbox's server: HTTP/2 and TLS for real."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from channels_app.contract import Provider
from channels_app.providers.apns import Apns
from channels_app.sandbox import push_identities
from channels_app.values import Account, Message, Refused, Retry, SendResult, Sent, Unknown, WrongCredentials
from kernel.ids import uuid7
from tests.channels_app.messages import make_message
from tests.channels_app.providers.sandboxed import provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess
from tests.kernel.connects import connects_seen

DEVICE = "a1b2c3d4" * 8
RICH = {
    "title": "Your parcel",
    "body": "It is here.",
    "image": "https://shop.example/p.png",
    "url": "https://shop.example/orders/1",
    "data": {"order": 7},
    "actions": [{"title": "Open", "action": "open"}],
    "ttl_seconds": 600,
    "collapse_key": "orders",
}


@pytest.fixture
def apns(sandbox: SandboxProcess) -> Iterator[Provider]:
    with provider_at(sandbox, "apns") as provider:
        yield provider


def push(**changes: Any) -> Message:
    return make_message("push", **{"address": DEVICE, "kind": "apns", **changes})


def test_a_rich_message_arrives_in_apples_words(sandbox: SandboxProcess, apns: Provider) -> None:
    message = push(content=RICH)

    assert send(apns, message) == [Sent(str(message.delivery_id))]

    (shown,) = sandbox.messages(to=DEVICE)
    assert (shown["subject"], shown["text"], shown["delivery_id"]) == (
        "Your parcel",
        "It is here.",
        str(message.delivery_id),
    )
    assert shown["payload"]["body"] == {
        "aps": {
            "alert": {"title": "Your parcel", "body": "It is here."},
            "sound": "default",
            "mutable-content": 1,
            "thread-id": "orders",
        },
        "image": RICH["image"],
        "url": RICH["url"],
        "order": 7,
        "actions": [{"title": "Open", "action": "open"}],
        "carillon_delivery": str(message.delivery_id),
    }
    full = sandbox.get(f"messages/{shown['id']}")
    assert full["headers"]["apns-id"] == str(message.delivery_id)
    assert (full["headers"]["apns-collapse-id"], full["headers"]["apns-push-type"]) == ("orders", "alert")


def test_many_messages_share_a_connection(sandbox: SandboxProcess, apns: Provider) -> None:
    results = send(apns, *[push() for _ in range(200)])

    assert {type(result) for result in results} == {Sent}
    assert len(sandbox.messages(limit=1000)) == 200
    assert isinstance(apns, Apns)
    assert len(apns._lines._lines) == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            {"do": "error", "status": 410},
            Refused("unregistered", "410 Unregistered", reason="invalid_address", address_gone=True),
        ),
        ({"do": "error", "status": 400}, Refused("baddevicetoken", "400 BadDeviceToken", reason="invalid_address")),
        ({"do": "error", "status": 403}, Refused("bad_credentials", "403 InvalidProviderToken", provider_fault=True)),
        ({"do": "error", "status": 413}, Refused("payloadtoolarge", "413 PayloadTooLarge", reason="render_error")),
        ({"do": "error", "status": 500}, Unknown("internalservererror", "500 InternalServerError")),
        ({"do": "error", "status": 503}, Retry("serviceunavailable", "503 ServiceUnavailable")),
        (
            {"do": "throttle", "retry_after": 5},
            Retry("rate_limited", "429 TooManyRequests", after=timedelta(seconds=5), provider_fault=False),
        ),
    ],
)
def test_every_reason_of_apple_has_its_meaning(
    sandbox: SandboxProcess, apns: Provider, rule: dict[str, Any], expected: SendResult
) -> None:
    sandbox.behave(rule)

    assert send(apns, push()) == [expected]

    assert sandbox.messages() == []


def test_a_lost_answer_is_unknown_and_is_not_sent_again(sandbox: SandboxProcess, apns: Provider) -> None:
    sandbox.behave({"do": "drop_answer", "times": 1})

    assert send(apns, push()) == [Unknown("connection_lost", "the connection ended without an answer")]

    assert len(sandbox.messages()) == 1
    assert isinstance(send(apns, push())[0], Sent)


def test_a_message_that_was_given_up_does_not_disturb_the_others(sandbox: SandboxProcess, apns: Provider) -> None:
    sandbox.behave({"do": "delay", "seconds": 0.6, "to": "slow"})

    assert isinstance(apns, Apns)

    assert send(apns, push(address="slow"), seconds=0.3)[0].code == "timeout"  # type: ignore[union-attr]
    line = apns._lines.usable
    results = []
    while not sandbox.messages(to="slow"):  # its late answer comes meanwhile
        results += send(apns, push())
    results += send(apns, push())

    assert {type(result) for result in results} == {Sent}
    assert apns._lines.usable is line


def test_a_sandbox_that_moved_is_found_again(own_sandbox: SandboxProcess) -> None:
    with provider_at(own_sandbox, "apns") as provider:
        assert isinstance(send(provider, push())[0], Sent)
        own_sandbox.kill()
        assert isinstance(send(provider, push(), seconds=1)[0], Retry | Unknown)
        own_sandbox.start()

        assert isinstance(send(provider, push())[0], Sent)


@pytest.mark.parametrize("change", [{"authority": ""}, {"server_name": "elsewhere.test"}])
def test_a_server_that_is_not_apple_hears_nothing(sandbox: SandboxProcess, change: dict[str, str]) -> None:
    with provider_at(sandbox, "apns", **change) as provider:
        (result,) = send(provider, push())

    assert isinstance(result, Retry)
    assert result.code == "tls_failed"
    assert sandbox.messages() == []


@pytest.mark.parametrize(
    "change", [{"team_id": "EVE"}, {"key": push_identities.pem(push_identities.elliptic_key("x"))}]
)
def test_a_key_that_apple_does_not_know_is_refused(sandbox: SandboxProcess, change: dict[str, str]) -> None:
    with provider_at(sandbox, "apns", **change) as provider:
        (result,) = send(provider, push())

    assert isinstance(result, Refused)
    assert (result.code, result.provider_fault) == ("bad_credentials", True)


@pytest.mark.parametrize("server", ["https://127.0.0.1", "https://localhost:8443", "https://api.push.apple.com:25"])
def test_an_account_of_a_tenant_leads_nowhere_inside(server: str) -> None:
    good = {"key": push_identities.apns_key(), "key_id": "K", "team_id": "T", "topic": "test.app", "server": server}
    account = Account("apns:own", "apns", "push", "live", Apns.configure(good), tenant_id=uuid7())
    provider = Apns(account, timeout_seconds=5)

    with connects_seen(and_stopped=True) as dialled:
        (result,) = send(provider, push())
    provider.close()

    assert isinstance(result, Refused)
    assert (result.code in ("address_not_public", "port_not_allowed"), result.provider_fault, dialled) == (
        True,
        True,
        [],
    )


def test_closing_ends_the_thread_and_the_connections(sandbox: SandboxProcess) -> None:
    before = {thread.name for thread in threading.enumerate()}

    with provider_at(sandbox, "apns") as provider:
        send(provider, push())
        assert "apns apns:test" in {thread.name for thread in threading.enumerate()} - before

    assert "apns apns:test" not in {thread.name for thread in threading.enumerate()}


def test_a_forked_child_sends_over_connections_of_its_own(sandbox: SandboxProcess, apns: Provider) -> None:
    assert isinstance(send(apns, push())[0], Sent)
    read, write = os.pipe()

    child = os.fork()
    if child == 0:
        with provider_at(sandbox, "apns") as own:
            os.write(write, json.dumps(isinstance(send(own, push())[0], Sent)).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(read, 10) == b"true"
    assert isinstance(send(apns, push())[0], Sent)
    assert len(sandbox.messages()) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"key": "nonsense"},
        {"key": push_identities.pem(push_identities.fcm_key())},
        {"server": "api.push.apple.com:443"},
    ],
)
def test_credentials_that_are_none_are_refused(change: dict[str, str]) -> None:
    good = {"key": push_identities.apns_key(), "key_id": "K", "team_id": "T", "topic": "test.app"}
    assert Apns.configure(good)["server"] == "https://api.push.apple.com"

    with pytest.raises(WrongCredentials):
        Apns.configure(good | change)
