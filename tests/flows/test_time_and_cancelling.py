"""What is scheduled waits for its moment, can be called back until then, and is worth nothing after its expiry."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.stack import Api, Sandbox, text
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_cancelled_before_its_moment_nothing_is_ever_sent(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    person = someone()
    accepted = api.notify(recipients=[person], content=text(), scheduled_at=in_seconds(3600))
    assert accepted["status"] == "scheduled"

    first = api.post(f"/notifications/{accepted['id']}/cancel", None, status=200)
    second = api.post(f"/notifications/{accepted['id']}/cancel", None, status=200)

    assert first == second == {"id": accepted["id"], "status": "cancelled", "cancelled": 0}
    assert ended(api, accepted)["status"] == "cancelled"
    assert sandbox.messages(to=person["email"]) == []


def test_a_key_calls_back_everything_that_bears_it_and_nothing_else(api: Api, someone: Someone) -> None:
    key = f"cart-{someone()['id']}"
    ours = [
        api.notify(recipients=[someone()], content=text(), scheduled_at=in_seconds(3600), cancellation_key=key)
        for _ in range(2)
    ]
    other = api.notify(recipients=[someone()], content=text(), scheduled_at=in_seconds(3600))

    answer = api.post("/notifications/cancel", {"cancellation_key": key}, status=200)

    assert {one["id"] for one in answer["results"]} == {one["id"] for one in ours}
    assert {ended(api, one)["status"] for one in ours} == {"cancelled"}
    assert api.get(f"/notifications/{other['id']}")["status"] == "scheduled"
    assert api.post("/notifications/cancel", {"cancellation_key": key}, status=200)["results"] == []


def test_what_has_been_sent_cannot_be_called_back(api: Api, someone: Someone) -> None:
    accepted = api.notify(recipients=[someone()], content=text())
    ended(api, accepted)

    assert api.post(f"/notifications/{accepted['id']}/cancel", None, status=409)["code"] == "not_cancellable"


def test_what_could_not_be_sent_in_time_expires(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    person, until = someone(), in_seconds(6)
    with sandbox.behaving({"do": "throttle", "retry_after": 8, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=text(), expires_at=until)
        assert ended(api, accepted)["status"] == "expired"

    (delivery,) = api.deliveries(accepted)
    assert (delivery["status"], delivery["reason"]) == ("expired", "expired")
    (end,) = [entry for entry in api.timeline(accepted) if entry["reason"] == "expired"]
    assert datetime.fromisoformat(end["at"]) >= datetime.fromisoformat(until)
    assert sandbox.messages(to=person["email"]) == []


def test_a_local_time_comes_when_it_comes_for_each(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    # The same wall clock shows up first in the Line Islands and 25 hours later in American Samoa.
    early, late = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")
    soon = datetime.now(early).replace(microsecond=0, tzinfo=None) + timedelta(seconds=6)
    first, last = someone(timezone=early.key), someone(timezone=late.key)

    accepted = api.notify(recipients=[first, last], content=text(), scheduled_local=soon.isoformat())
    sent = delivery_that(api, accepted, recipient=first["id"], status="sent")

    assert datetime.fromisoformat(sent["sent_at"]) >= soon.replace(tzinfo=early)
    waiting = delivery_that(api, accepted, recipient=last["id"])
    assert (waiting["status"], waiting["wait_reason"]) == ("waiting", "schedule")
    assert datetime.fromisoformat(waiting["due_at"]) == soon.replace(tzinfo=late)
    assert [mail["to"] for mail in sandbox.messages() if mail["to"] in (first["email"], last["email"])] == [
        first["email"]
    ]
    assert api.post(f"/notifications/{accepted['id']}/cancel", None, status=200)["cancelled"] == 1
