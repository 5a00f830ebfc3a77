"""The story of an outage: one of two SMS providers dies, the other one takes over, and nobody hears anything twice."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.stack import Api, Sandbox
from tests.stack.waiting import ended

Someone = Callable[..., dict[str, Any]]
PEOPLE = 60
SMS = {"sms": {"body": "Your code is 123456"}}


def test_when_a_provider_dies_the_other_one_takes_over(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    people = [{**someone(), "phone": f"+336{number:08d}"} for number in range(12_000_000, 12_000_000 + PEOPLE)]
    with sandbox.behaving({"provider": "twilio", "do": "error", "status": 503}):
        accepted = api.notify(recipients=people, content=SMS, channels=["sms"])
        assert ended(api, accepted)["status"] == "completed"
        ways = {way["provider"]: way for way in api.get("/channels/sms")["accounts"]}

    deliveries = api.deliveries(accepted)
    assert Counter((d["status"] in ("sent", "delivered"), d["provider"]) for d in deliveries) == {
        (True, "vonage"): PEOPLE
    }
    heard = Counter(mail["to"] for person in people for mail in sandbox.messages(to=person["phone"]))
    assert heard == {person["phone"]: 1 for person in people}
    assert ways["twilio"]["breaker"] == "open"
    assert ways["vonage"]["breaker"] == "closed"
    assert max(map(waited, timelines(api, deliveries))) < timedelta(seconds=5)


def timelines(api: Api, deliveries: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [api.get(f"/deliveries/{delivery['id']}/timeline")["results"] for delivery in deliveries]


def waited(timeline: list[dict[str, Any]]) -> timedelta:
    """For how long a delivery was told to wait, all together."""
    told = [line for line in timeline if line["kind"] == "delivery.moved" and "due_at" in line["detail"]]
    waits = (datetime.fromisoformat(line["detail"]["due_at"]) - datetime.fromisoformat(line["at"]) for line in told)
    return sum((max(wait, timedelta()) for wait in waits), timedelta())
