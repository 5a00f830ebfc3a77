"""Text messages: through a provider's API, back by its receipt, and over to another provider when it is out."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.stack import Api, Sandbox
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]
NUMBERS = count(1)
CODE = {"sms": {"body": "Your code is 123456"}}


@pytest.fixture
def phone() -> str:
    return f"+336123{next(NUMBERS):05}"


def test_a_text_message_is_delivered_when_its_receipt_says_so(
    api: Api, sandbox: Sandbox, someone: Someone, phone: str
) -> None:
    accepted = api.notify(recipients=[someone(phone=phone)], content=CODE)
    delivery = delivery_that(api, accepted, channel="sms", status="delivered")

    (message,) = sandbox.messages(to=phone)
    assert (message["provider"], message["text"]) == ("twilio", "Your code is 123456")
    assert message["delivery_id"] == delivery["id"]
    assert message["payload"]["id"] == delivery["provider_message_id"]


def test_a_number_nobody_has_bounces_when_its_receipt_says_so(
    api: Api, sandbox: Sandbox, someone: Someone, phone: str
) -> None:
    with sandbox.behaving({"do": "bounce", "to": phone}):
        accepted = api.notify(recipients=[someone(phone=phone)], content=CODE)
        delivery = delivery_that(api, accepted, channel="sms", status="bounced")

    assert len(sandbox.messages(to=phone)) == 1
    assert delivery["attempts"] == 1


def test_another_provider_takes_over_and_nothing_is_sent_twice(
    api: Api, sandbox: Sandbox, someone: Someone, phone: str
) -> None:
    with sandbox.behaving({"do": "error", "status": 503, "provider": "twilio", "to": phone}):
        accepted = api.notify(recipients=[someone(phone=phone)], content=CODE)
        assert ended(api, accepted)["status"] == "completed"

    assert [message["provider"] for message in sandbox.messages(to=phone)] == ["vonage"]
