"""Amazon's library against the sandbox: SMS through SNS, and Amazon's words in ours."""

from datetime import timedelta
from typing import Any

import pytest

from channels_app.values import Refused, Retry, SendResult, Sent, Unknown
from tests.channels_app.messages import make_message
from tests.channels_app.providers.sandboxed import provider_at, send
from tests.channels_app.sandbox.process import SandboxProcess


def sms(address: str = "+33612345678", **content: Any) -> Any:
    return make_message("sms", address=address, content={"body": "Your code is 123456"} | content)


def test_a_message_arrives_under_its_delivery(sandbox: SandboxProcess) -> None:
    message = sms()

    with provider_at(sandbox, "sns", senders={"FR": "ACME"}) as provider:
        results = send(provider, message, sms("+14155550100"))

    taken = {each["to"]: each for each in sandbox.messages()}
    assert [type(result) for result in results] == [Sent, Sent]
    assert taken["+33612345678"]["payload"]["id"] == getattr(results[0], "message_id", "")
    assert taken["+33612345678"]["delivery_id"] == str(message.delivery_id)
    assert (taken["+33612345678"]["from"], taken["+14155550100"]["from"]) == ("ACME", "Carillon")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"do": "error", "status": 500}, Unknown("internalerror")),
        ({"do": "error", "status": 503}, Retry("serviceunavailable")),
        ({"do": "error", "status": 401}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 403}, Refused("bad_credentials", provider_fault=True)),
        ({"do": "error", "status": 404}, Refused("notfound")),
        ({"do": "throttle", "retry_after": 30}, Retry("rate_limited", after=timedelta(seconds=30))),
        ({"do": "drop_answer"}, Unknown("connection_lost")),
    ],
    ids=lambda value: str(value.get("status", value["do"])) if isinstance(value, dict) else "",
)
def test_what_amazon_says_is_what_it_means(
    sandbox: SandboxProcess, behaviour: dict[str, Any], expected: SendResult
) -> None:
    sandbox.behave(behaviour)

    with provider_at(sandbox, "sns") as provider:
        (result,) = send(provider, sms())

    assert type(result) is type(expected)
    for name in ("code", "reason", "after", "provider_fault"):
        assert getattr(result, name, None) == getattr(expected, name, None), name


def test_nothing_is_tried_again_behind_our_back(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 503})

    with provider_at(sandbox, "sns") as provider:
        send(provider, sms())

    assert len(sandbox.get("rejections")["results"]) == 1


def test_a_wrong_key_is_the_accounts_fault(sandbox: SandboxProcess) -> None:
    with provider_at(sandbox, "sns", secret_access_key="guessed") as provider:
        (result,) = send(provider, sms())

    assert isinstance(result, Refused)
    assert (result.code, result.provider_fault) == ("bad_credentials", True)
    assert sandbox.messages() == []
