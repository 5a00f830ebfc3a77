"""Stories of providers on a bad day: one that fails every other time, and one that answers a byte a second."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.stack import Api, Sandbox
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]
SMS = {"sms": {"body": "Your code is 123456"}}
DEADLINE_SECONDS = 15.0  # ORCHESTRATOR_SMS_TIMEOUT


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


def test_a_provider_that_drips_holds_up_its_own_call_until_the_deadline_and_nobody_else(
    api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    (slow,) = with_phones(someone, first=22_000_000, count=1)
    others = with_phones(someone, first=22_000_001, count=30)
    with sandbox.behaving({"provider": "twilio", "do": "drip", "seconds": 1, "times": 1, "to": slow["phone"]}):
        held = api.notify(recipients=[slow], content=SMS, channels=["sms"])
        delivery_that(api, held, status="sending")
        passing = api.notify(recipients=others, content=SMS, channels=["sms"])
        assert ended(api, passing)["status"] == "completed"
        still = delivery_that(api, held)["status"]
        ended(api, held)

    (delivery,) = api.deliveries(held)
    first = api.get(f"/deliveries/{delivery['id']}")["attempts"][0]
    seconds = (datetime.fromisoformat(first["ended_at"]) - datetime.fromisoformat(first["begun_at"])).total_seconds()
    assert still == "sending"
    assert (first["outcome"], first["code"]) == ("unknown", "timeout")
    assert DEADLINE_SECONDS - 0.1 < seconds < DEADLINE_SECONDS + 5  # a busy machine may take a moment to write it down
