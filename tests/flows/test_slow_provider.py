"""The story of a provider that answers a byte a second: its own call ends at the deadline, nobody else waits for it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.stack import Api, Sandbox
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]
PUSH = {"push": {"title": "Your parcel", "body": "It is here."}}  # FCM reports nothing, so only its answer counts
DEADLINE_SECONDS = 10.0  # ORCHESTRATOR_PUSH_TIMEOUT
OTHERS = 30


def with_device(api: Api, someone: Someone) -> str:
    """A new person with one device; its token begins with their id."""
    name = str(someone()["id"])
    endpoint = {"channel": "push", "kind": "fcm", "address": f"{name}-device-token"}
    api.put(f"/recipients/{name}", {"endpoints": [endpoint]})
    return name


def test_a_dripping_provider_slows_down_nobody_else(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    slow, *others = [with_device(api, someone) for _ in range(OTHERS + 1)]
    with sandbox.behaving({"provider": "fcm", "do": "drip", "seconds": 1, "times": 1, "to": f"{slow}-*"}):
        held = api.notify(recipients=[slow], content=PUSH, priority="high")
        delivery_that(api, held, status="sending")
        passing = api.notify(recipients=others, content=PUSH, priority="high")
        assert ended(api, passing)["status"] == "completed"
        (meanwhile,) = api.deliveries(held)
        ended(api, held)

    (delivery,) = api.deliveries(held)
    first, *again = api.get(f"/deliveries/{delivery['id']}")["attempts"]
    seconds = (datetime.fromisoformat(first["ended_at"]) - datetime.fromisoformat(first["begun_at"])).total_seconds()
    assert meanwhile["status"] == "sending"  # all the others were served while this call was still under way
    assert (first["outcome"], first["code"]) == ("unknown", "timeout")
    assert seconds >= DEADLINE_SECONDS - 0.1
    assert [attempt["outcome"] for attempt in again] == ["sent"]
