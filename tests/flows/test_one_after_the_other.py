"""Sequential delivery: the next channel comes when the one before has failed, and never when it has succeeded."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.stack import Api, Sandbox, text
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]
CONTENT = {**text(), "in_app": {"title": "Hello", "body": "World"}}


@pytest.fixture
def strategy(api: Api) -> str:
    """E-mail; ten minutes later the inbox, but one second after the e-mail has failed."""
    steps = [{"channel": "email", "after_seconds": 0}, {"channel": "in_app", "after_seconds": 600}]
    configuration = {"steps": steps, "fallback_after_seconds": 1}
    api.put("/strategies/mail-then-inbox", {"kind": "sequential", "configuration": configuration})
    return "mail-then-inbox"


def test_after_a_success_the_later_step_is_skipped_with_its_reason(api: Api, strategy: str, someone: Someone) -> None:
    accepted = api.notify(recipients=[someone()], content=CONTENT, strategy=strategy)

    assert ended(api, accepted)["status"] == "completed"
    assert {d["channel"]: (d["status"], d["reason"], d["step"]) for d in api.deliveries(accepted)} == {
        "email": ("sent", None, 0),
        "in_app": ("skipped", "earlier_step_succeeded", 1),
    }


@pytest.mark.parametrize(("status", "attempts"), [(550, 1), (451, 3)], ids=["a refusal", "three temporary errors"])
def test_after_a_failure_the_next_step_comes_at_once(
    api: Api, sandbox: Sandbox, strategy: str, someone: Someone, status: int, attempts: int
) -> None:
    person = someone()
    with sandbox.behaving({"do": "error", "status": status, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=CONTENT, strategy=strategy)
        assert ended(api, accepted)["status"] == "completed"

    assert {d["channel"]: (d["status"], d["attempts"]) for d in api.deliveries(accepted)} == {
        "email": ("failed", attempts),
        "in_app": ("delivered", 1),
    }
    (hastened,) = [entry for entry in api.timeline(accepted) if entry["kind"] == "delivery.hastened"]
    assert hastened["reason"] == "earlier_step_failed"


def test_cancelling_stops_the_step_that_waits_and_lets_the_call_under_way_end(
    api: Api, sandbox: Sandbox, strategy: str, someone: Someone
) -> None:
    person = someone()
    with sandbox.behaving({"do": "delay", "seconds": 4, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=CONTENT, strategy=strategy)
        delivery_that(api, accepted, channel="email", status="sending")
        cancelled = api.post(f"/notifications/{accepted['id']}/cancel", None, status=200)
        assert (cancelled["status"], cancelled["cancelled"]) == ("processing", 1)
        ended(api, accepted)

    assert {d["channel"]: d["status"] for d in api.deliveries(accepted)} == {"email": "sent", "in_app": "cancelled"}
    assert len(sandbox.messages(to=person["email"])) == 1
