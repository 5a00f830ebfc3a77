"""The story of a provider on a bad day: every other call fails."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.stack import Api, Sandbox
from tests.stack.waiting import ended

Someone = Callable[..., dict[str, Any]]
SMS = {"sms": {"body": "Your code is 123456"}}


def with_phones(someone: Someone, *, first: int, count: int) -> list[dict[str, Any]]:
    return [{**someone(), "phone": f"+336{number:08d}"} for number in range(first, first + count)]


def test_a_provider_that_fails_every_other_time_costs_few_calls_and_no_message(
    api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    people = with_phones(someone, first=21_000_000, count=80)
    sometimes = {"provider": "twilio", "do": "error", "status": 503, "probability": 0.5, "seed": 8}
    with sandbox.behaving(sometimes):
        accepted = api.notify(recipients=people, content=SMS, channels=["sms"])
        assert ended(api, accepted)["status"] == "completed"

    deliveries = api.deliveries(accepted)
    heard = Counter(message["to"] for person in people for message in sandbox.messages(to=person["phone"]))
    assert {delivery["status"] for delivery in deliveries} <= {"sent", "delivered"}
    assert heard == {person["phone"]: 1 for person in people}
    assert sum(delivery["attempts"] for delivery in deliveries) / len(people) <= 2.2
