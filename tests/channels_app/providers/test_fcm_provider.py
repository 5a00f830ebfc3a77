"""FCM through pyfcm: what devices are told, what Google's errors mean, and who exchanges tokens how often."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from channels_app.providers.fcm import Fcm
from channels_app.sandbox import push_identities
from channels_app.values import Account, Refused, Retry, SendResult, Sent, Unknown, WrongCredentials
from tests.channels_app.messages import make_message
from tests.channels_app.providers.sandboxed import provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess
from tests.channels_app.scripted_http import ScriptedHttp, Taken, answer, scripted_http

RICH = {
    "title": "Your parcel",
    "body": "It is here.",
    "image": "https://shop.example/p.png",
    "url": "https://shop.example/orders/1",
    "data": {"order": 7, "kind": "parcel"},
    "actions": [{"title": "Open", "action": "open"}, {"title": "Later"}],
    "ttl_seconds": 600,
    "collapse_key": "orders",
}
TOKEN = answer(200, {"access_token": "ya29.x", "expires_in": 3600})
YES = answer(200, {"name": "projects/p/messages/1"})


@contextmanager
def google(*answers: bytes, token: bytes | Callable[[], bytes] = TOKEN) -> Iterator[tuple[Fcm, ScriptedHttp]]:
    """A provider and a Google that gives these answers, the last one for ever."""
    left = list(answers or [YES])

    def reply(taken: Taken) -> bytes:
        if taken.target == "/token":
            return token() if callable(token) else token
        return left.pop(0) if len(left) > 1 else left[0]

    with scripted_http(reply) as server:
        file = push_identities.fcm_service_account(f"{server.url}/token")
        config = Fcm.configure({"service_account": file, "base_url": f"{server.url}/v1/projects"})
        provider = Fcm(Account("fcm", "fcm", "push", "live", config), timeout_seconds=5)
        yield provider, server
        provider.close()


def failure(status: int, code: str, message: str = "", **more: Any) -> bytes:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code, **more}]
    return answer(status, {"error": {"code": status, "message": message, "status": "X", "details": details}})


def push(**content: Any) -> Any:
    return make_message("push", address="device", kind="fcm", content={"title": "T", "body": "B", **content})


def said(server: ScriptedHttp) -> Any:
    return next(taken.json["message"] for taken in server.taken if taken.target != "/token")


def test_a_rich_message_is_told_to_every_platform_in_its_words() -> None:
    message = push(**RICH)

    with google() as (provider, server):
        assert send(provider, message) == [Sent("projects/p/messages/1")]

    body = said(server)
    assert body["token"] == "device"
    assert body["notification"] == {"title": "Your parcel", "body": "It is here.", "image": RICH["image"]}
    assert body["data"] == {
        "order": "7",
        "kind": "parcel",
        "carillon_delivery": str(message.delivery_id),
        "url": RICH["url"],
        "actions": '[{"title":"Open","action":"open"},{"title":"Later"}]',
    }
    assert (body["android"]["ttl"], body["android"]["collapse_key"]) == ("600s", "orders")
    assert body["apns"]["headers"]["apns-collapse-id"] == "orders"
    assert body["webpush"]["fcm_options"] == {"link": RICH["url"]}
    assert body["webpush"]["notification"]["actions"] == [
        {"action": "open", "title": "Open"},
        {"action": "action-2", "title": "Later"},
    ]


def test_a_token_is_exchanged_once_for_many_messages() -> None:
    with google() as (provider, server):
        send(provider, *[push() for _ in range(30)])

    assert [taken.target for taken in server.taken].count("/token") == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            failure(404, "UNREGISTERED"),
            Refused("unregistered", "404", reason="invalid_address", address_gone=True),
        ),
        (
            failure(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
            Refused(
                "bad_token",
                "400 The registration token is not a valid FCM registration token",
                reason="invalid_address",
                address_gone=True,
            ),
        ),
        (failure(400, "INVALID_ARGUMENT", "big"), Refused("invalid_argument", "400 big", reason="render_error")),
        (failure(403, "SENDER_ID_MISMATCH"), Refused("sender_id_mismatch", "403", reason="invalid_address")),
        (failure(401, "THIRD_PARTY_AUTH_ERROR"), Refused("third_party_auth_error", "401")),
        (failure(401, "UNAUTHENTICATED"), Refused("bad_credentials", "401", provider_fault=True)),
        (failure(429, "QUOTA_EXCEEDED"), Retry("rate_limited", "429")),
        (failure(503, "UNAVAILABLE"), Retry("unavailable", "503")),
        (failure(500, "INTERNAL"), Unknown("internal", "500")),
        (answer(200, b"<html>"), Unknown("bad_answer", "the answer names no message")),
        (answer(502, b"<html>"), Unknown("http_502", "502")),
    ],
)
def test_every_error_of_google_has_its_meaning(given: bytes, expected: SendResult) -> None:
    with google(given) as (provider, server):
        assert send(provider, push()) == [expected]

    assert len([taken for taken in server.taken if taken.target != "/token"]) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("0", 0), ("soon", None)]
)
def test_retry_after_is_told_and_not_slept_for(value: str, seconds: int | None) -> None:
    with google(answer(429, {}, Retry_After=value), YES) as (provider, server):
        (result,) = send(provider, push())

    assert isinstance(result, Retry)
    assert result.after == (None if seconds is None else timedelta(seconds=seconds))
    assert len([taken for taken in server.taken if taken.target != "/token"]) == 1


def test_a_refused_token_is_exchanged_anew() -> None:
    with google(failure(401, "UNAUTHENTICATED"), YES) as (provider, server):
        send(provider, push())
        assert send(provider, push()) == [Sent("projects/p/messages/1")]

    assert [taken.target for taken in server.taken].count("/token") == 2


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (
            answer(400, {"error": "invalid_grant", "error_description": "s3cret"}),
            Refused("bad_credentials", "400 no access token", provider_fault=True),
        ),
        (answer(503, {}, Retry_After="9"), Retry("no_token", "503 no access token", after=timedelta(seconds=9))),
    ],
)
def test_without_a_token_nothing_is_sent(token: bytes, expected: SendResult) -> None:
    with google(token=token) as (provider, server):
        assert send(provider, push()) == [expected]

    assert [taken.target for taken in server.taken] == ["/token"]


def test_waiting_for_a_token_ends_with_the_call_and_nothing_went_out() -> None:
    blocked = threading.Event()

    def hang() -> bytes:
        blocked.wait(5)
        return TOKEN

    with google(token=hang) as (provider, _):
        results = send(provider, push(), push(), seconds=0.4)
        blocked.set()

    assert [(type(result), getattr(result, "code", "")) for result in results] == [(Retry, "timeout")] * 2


@pytest.mark.parametrize("file", ["", "{}", "[]", "nonsense", json.dumps({"type": "service_account"})])
def test_a_file_that_is_none_is_refused_at_configuration(file: str) -> None:
    with pytest.raises(WrongCredentials):
        Fcm.configure({"service_account": file})


# Against the sandbox


def test_the_sandbox_checks_the_assertion_and_shows_the_message(sandbox: SandboxProcess) -> None:
    message = push(**RICH)

    with provider_at(sandbox, "fcm") as provider:
        (result,) = send(provider, message)

    assert isinstance(result, Sent)
    assert str(message.delivery_id) in result.message_id
    (shown,) = sandbox.messages(to="device")
    assert (shown["channel"], shown["subject"], shown["text"]) == ("push", "Your parcel", "It is here.")
    assert shown["delivery_id"] == str(message.delivery_id)


def test_the_sandbox_says_unregistered_as_google_does(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 404, "to": "device"})

    with provider_at(sandbox, "fcm") as provider:
        (result,) = send(provider, push())

    assert isinstance(result, Refused)
    assert (result.code, result.address_gone) == ("unregistered", True)


def test_the_sandbox_refuses_a_key_that_is_not_the_accounts(sandbox: SandboxProcess) -> None:
    url = f"http://127.0.0.1:{sandbox.http_port}/fcm/token"
    file = json.loads(push_identities.fcm_service_account(url)) | {"client_email": "eve@example.org"}

    with provider_at(sandbox, "fcm", service_account=json.dumps(file)) as provider:
        (result,) = send(provider, push())

    assert isinstance(result, Refused)
    assert (result.code, result.provider_fault) == ("bad_credentials", True)
