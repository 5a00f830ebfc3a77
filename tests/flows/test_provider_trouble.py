"""The third story: the provider fails; Carillon retries, gives up, keeps a dead letter, and a person replays it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stack import Api, Sandbox, text
from tests.stack.waiting import delivery_that, ended

Someone = Callable[..., dict[str, Any]]


def attempts(api: Api, delivery: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/deliveries/{delivery['id']}")["attempts"]
    return found


def moment(said: str) -> datetime:
    return datetime.fromisoformat(said)


@pytest.mark.parametrize("status", [421, 451, 503])
def test_a_temporary_error_is_tried_again_after_a_wait_until_it_succeeds(
    api: Api, sandbox: Sandbox, someone: Someone, status: int
) -> None:
    person = someone()
    with sandbox.behaving({"do": "error", "status": status, "times": 2, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=text())
        assert ended(api, accepted)["status"] == "completed"

    (delivery,) = api.deliveries(accepted)
    assert delivery["status"] == "sent"
    tried = attempts(api, delivery)
    assert [attempt["outcome"] for attempt in tried] == ["retry", "retry", "sent"]
    waits = [moment(entry["detail"]["due_at"]) for entry in api.timeline(accepted) if "due_at" in entry["detail"]]
    assert len(waits) == 2
    assert all(moment(attempt["begun_at"]) >= due for attempt, due in zip(tried[1:], waits, strict=True))
    assert len(sandbox.messages(to=person["email"])) == 1


def test_a_provider_that_says_how_long_to_wait_is_left_alone_that_long(
    api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    person = someone()
    with sandbox.behaving({"do": "throttle", "retry_after": 4, "times": 1, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=text())
        ended(api, accepted)

    (delivery,) = api.deliveries(accepted)
    first, second = attempts(api, delivery)
    assert (first["outcome"], second["outcome"]) == ("retry", "sent")
    assert moment(second["begun_at"]) - moment(first["begun_at"]) >= timedelta(seconds=4)


def test_a_refusal_is_final_and_no_dead_letter(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    person = someone()
    with sandbox.behaving({"do": "error", "status": 550, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=text())
        assert ended(api, accepted)["status"] == "failed"

    (delivery,) = api.deliveries(accepted)
    assert (delivery["status"], delivery["dead_letter"], delivery["attempts"]) == ("failed", False, 1)
    assert delivery["reason"] in ("invalid_address", "provider_rejected")
    assert sandbox.messages(to=person["email"]) == []
    assert api.get("/dead-letters", notification=accepted["id"])["results"] == []


def test_what_ran_out_of_ways_is_kept_and_a_replay_sends_it_once_however_often_it_is_asked_for(
    api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    person = someone()
    with sandbox.behaving({"do": "error", "status": 451, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=text())
        assert ended(api, accepted)["status"] == "failed"
    (letter,) = api.get("/dead-letters", notification=accepted["id"])["results"]
    assert (letter["reason"], letter["attempts"], letter["state"]) == ("attempts_exhausted", 3, "open")
    (dead,) = api.deliveries(accepted)
    assert (dead["status"], dead["dead_letter"], dead["id"]) == ("failed", True, letter["id"])
    assert sandbox.messages(to=person["email"]) == []

    with ThreadPoolExecutor(8) as impatient:
        asked = [
            impatient.submit(api.post, "/dead-letters/replay", {"ids": [letter["id"]]}, status=200) for _ in range(8)
        ]
    assert sum(answer.result()["replayed"] for answer in asked) == 1

    delivery_that(api, accepted, status="sent")
    assert ended(api, accepted)["status"] == "completed"
    assert [attempt["outcome"] for attempt in attempts(api, dead)] == ["retry", "retry", "retry", "sent"]
    assert len(sandbox.messages(to=person["email"])) == 1
    assert api.post("/dead-letters/replay", {"ids": [letter["id"]]}, status=200)["replayed"] == 0
    assert api.get(f"/dead-letters/{letter['id']}")["state"] == "replayed"
    kinds = [entry["kind"] for entry in api.timeline(accepted)]
    assert [kind for kind in kinds if kind.startswith("dead_letter.")] == ["dead_letter.added", "dead_letter.replayed"]


def test_a_lost_answer_is_sent_again_and_says_so(api: Api, sandbox: Sandbox, someone: Someone) -> None:
    person = someone()
    with sandbox.behaving({"do": "drop_answer", "times": 1, "to": person["email"]}):
        accepted = api.notify(recipients=[person], content=text())
        assert ended(api, accepted)["status"] == "completed"

    (delivery,) = api.deliveries(accepted)
    assert [attempt["outcome"] for attempt in attempts(api, delivery)] == ["unknown", "sent"]
    assert [mail["delivery_id"] for mail in sandbox.messages(to=person["email"])] == [delivery["id"]] * 2
    (doubt,) = [entry for entry in api.timeline(accepted) if entry["reason"] == "unknown_outcome"]
    assert (doubt["detail"]["to"], doubt["detail"]["policy"]) == ("pending", "at_least_once")


def test_a_lost_answer_is_held_where_the_type_forbids_to_say_it_twice(
    api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    person = someone()
    api.put("/types/payment_once", {"name": "Payment", "unknown_policy": "at_most_once"})
    with sandbox.behaving({"do": "drop_answer", "to": person["email"]}):
        accepted = api.notify(type="payment_once", recipients=[person], content=text())
        delivery = delivery_that(api, accepted, status="unknown")

    assert (delivery["reason"], delivery["attempts"]) == ("unknown_outcome", 1)
    assert moment(delivery["due_at"]) - moment(delivery["created_at"]) > timedelta(hours=23)  # held, not waiting to go
    assert len(sandbox.messages(to=person["email"])) == 1
    assert api.get(f"/notifications/{accepted['id']}")["status"] == "processing"
