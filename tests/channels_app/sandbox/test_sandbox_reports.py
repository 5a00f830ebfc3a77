"""Receipts of the sandbox: planned, told, told again, and kept over a restart."""

import base64
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode

from channels_app.sandbox import identities
from tests.channels_app.providers.listening import Listener
from tests.channels_app.sandbox.process import SandboxProcess

PATH = f"/twilio/2010-04-01/Accounts/{identities.TWILIO_ACCOUNT_SID}/Messages.json"


def sms(sandbox: SandboxProcess, hook: str, *, to: str = "+14155550100") -> int:
    connection = HTTPConnection("127.0.0.1", sandbox.http_port, timeout=20)
    login = base64.b64encode(f"{identities.TWILIO_ACCOUNT_SID}:{identities.TWILIO_AUTH_TOKEN}".encode()).decode()
    form = urlencode({"To": to, "From": "+15005550006", "Body": "hello", "StatusCallback": hook})
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", PATH, body=form, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def states(sandbox: SandboxProcess) -> list[tuple[str, str]]:
    (message,) = sandbox.messages()
    return [(receipt["kind"], receipt["state"]) for receipt in message["payload"]["receipts"]]


def until(found: Callable[[], Any], wanted: Any) -> None:
    end = time.monotonic() + 20
    while found() != wanted and time.monotonic() < end:
        time.sleep(0.02)
    assert found() == wanted


def test_what_is_accepted_arrives_and_is_told(sandbox: SandboxProcess, hook: Listener) -> None:
    assert sms(sandbox, hook.url) == 201

    (call,) = hook.wait_for(1)

    assert dict(parse_qsl(call.body.decode()))["MessageStatus"] == "delivered"
    until(lambda: states(sandbox), [("delivered", "reported")])


def test_a_hook_that_is_out_for_a_moment_hears_it_again(sandbox: SandboxProcess, hook: Listener) -> None:
    hook.statuses = [503]

    sms(sandbox, hook.url)
    first, second = hook.wait_for(2)

    assert first.body == second.body
    until(lambda: states(sandbox), [("delivered", "reported")])


def test_a_receipt_that_is_still_to_come_survives_a_kill(own_sandbox: SandboxProcess, hook: Listener) -> None:
    own_sandbox.behave({"do": "bounce", "seconds": 1.5})
    sms(own_sandbox, hook.url)
    own_sandbox.kill()

    assert hook.calls == []
    own_sandbox.start()

    (call,) = hook.wait_for(1)
    assert dict(parse_qsl(call.body.decode()))["MessageStatus"] == "undelivered"


def test_what_a_provider_never_tells_is_marked_so(sandbox: SandboxProcess, hook: Listener) -> None:
    sandbox.behave({"do": "open"})

    sms(sandbox, hook.url)

    until(lambda: states(sandbox), [("delivered", "reported"), ("opened", "not_reported")])


def test_clearing_takes_the_receipts_along(sandbox: SandboxProcess, hook: Listener) -> None:
    sandbox.behave({"do": "deliver", "seconds": 0.3})
    sms(sandbox, hook.url)

    sandbox.clear()
    sms(sandbox, hook.url, to="+14155550101")

    (call,) = hook.wait_for(1)
    assert dict(parse_qsl(call.body.decode()))["To"] == "+14155550101"
    time.sleep(0.5)
    assert len(hook.calls) == 1


def test_the_recipient_writes_back_to_the_hook(sandbox: SandboxProcess, hook: Listener) -> None:
    sms(sandbox, f"{hook.url}?carillon_delivery=1")
    hook.wait_for(1)
    (message,) = sandbox.messages()

    answer = sandbox.api("POST", f"messages/{message['id']}/reply", {"text": "STOP"})

    said = dict(parse_qsl(hook.calls[-1].body.decode()))
    assert answer == (200, {"taken": True})
    assert hook.calls[-1].url == hook.url
    assert (said["Body"], said["From"], said["To"]) == ("STOP", "+14155550100", "+15005550006")


def test_a_hook_that_is_out_does_not_take_what_is_written_back(sandbox: SandboxProcess, hook: Listener) -> None:
    sms(sandbox, hook.url)
    hook.wait_for(1)
    hook.statuses = [503]

    assert sandbox.api("POST", f"messages/{sandbox.messages()[0]['id']}/reply", {"text": "STOP"}) == (
        200,
        {"taken": False},
    )


def test_nobody_writes_back_to_a_mail(sandbox: SandboxProcess) -> None:
    sandbox.send("ana@example.org")

    status, problem = sandbox.api("POST", f"messages/{sandbox.messages()[0]['id']}/reply", {"text": "STOP"})

    assert (status, problem["code"]) == (404, "not_found")


def test_an_empty_reply_is_none(sandbox: SandboxProcess, hook: Listener) -> None:
    sms(sandbox, hook.url)

    status, problem = sandbox.api("POST", f"messages/{sandbox.messages()[0]['id']}/reply", {"text": ""})

    assert (status, problem["errors"][0]["pointer"]) == (422, "/text")
