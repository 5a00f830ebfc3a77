"""kill -9 of every process in turn, and of a worker in the middle of a call (RELIABILITY R2, R15)."""

import time
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPException
from uuid import UUID

from tests.faults.clients import ACCEPTED, HELD_TYPE, asking, mail, mixed
from tests.faults.judging import all_sent, judge, wait_until_sent, wait_until_settled
from tests.faults.killing import OURS
from tests.stack import Stack
from tests.stack.running import wait_until


def test_every_process_is_killed_in_turn_while_a_thousand_are_in_flight(stack: Stack, seed: int) -> None:
    stack.api.put(f"/types/{HELD_TYPE}", {"unknown_policy": "at_most_once"})
    programs = ("valkey", "postgres", "sandbox", *OURS)

    crowd: list[UUID] = []
    with asking(stack.api, make=mixed) as clients:
        for number, name in enumerate(programs):
            before = len(clients.journal.ids)
            wait_until(lambda: len(clients.journal.ids) > before + 5, seconds=60, what="work to go on")  # noqa: B023
            crowd += _a_hundred(stack, f"{seed}-{number}")
            assert stack.kill(name)
            wait_until(lambda: stack.leader(name) is not None, seconds=60, what=f"{name} to be back")  # noqa: B023
    ids = [*crowd, *clients.journal.ids]
    assert len(ids) >= 1_000
    stack.wait_until_up()
    seconds = wait_until_sent(stack, ids, seconds=120)
    wait_until_settled(stack, ids)

    judged = judge(stack, ids)
    print(f"{judged}; all ended {seconds:.1f} s later; other answers: {dict(clients.journal.refused)}")
    assert all_sent(judged), judged


def test_what_a_worker_left_in_the_middle_of_a_call_is_taken_over_when_its_lease_ends(stack: Stack) -> None:
    """R15: within the lease of 15 s and a little more, whatever is a little on this machine."""
    delayed = [{"do": "delay", "seconds": 20, "times": 8, "to": "*@in-the-middle.example.org"}]
    with stack.sandbox.behaving(*delayed):
        request = mail(0, "")
        people = [{"id": f"middle-{n}", "email": f"m{n}@in-the-middle.example.org"} for n in range(8)]
        accepted = stack.api.notify(**{**request, "recipients": people, "priority": "high"})
        begun = "SELECT count(*) FROM notifications_delivery WHERE notification_id = %s AND state = 'sending'"
        wait_until(lambda: stack.sql(begun, accepted["id"]) == [(8,)], seconds=30, what="eight calls")
        time.sleep(1)
        assert stack.kill("worker-bulk")
        ((killed_at,),) = stack.sql("SELECT clock_timestamp()")

        wait_until(
            lambda: stack.sql(
                "SELECT count(*) FROM notifications_delivery WHERE notification_id = %s AND attempts = 2",
                accepted["id"],
            ) == [(8,)],
            seconds=60, what="the second calls",
        )  # fmt: skip

    rows = stack.sql(
        "SELECT a.number, a.outcome, a.code, a.begun_at FROM notifications_attempt a "
        "JOIN notifications_delivery d ON d.id = a.delivery_id WHERE d.notification_id = %s",
        accepted["id"],
    )
    assert {(outcome, code) for number, outcome, code, _ in rows if number == 1} == {("unknown", "worker_lost")}
    again = [begun_at - killed_at for number, _, _, begun_at in rows if number == 2]
    print(f"re-dispatched after {min(again)} to {max(again)}")
    assert timedelta(seconds=9) < min(again)  # not before the lease has ended
    assert max(again) < timedelta(seconds=15 + 1 + 6)  # lease, backoff, patience


def _a_hundred(stack: Stack, story: str) -> list[UUID]:
    """Accept a hundred at once, asking until it is answered: under the same keys they are the same hundred."""
    requests = [mixed(n, f"{story}-{n}") | {"idempotency_key": f"{story}-{n}"} for n in range(100)]
    ids: list[UUID] = []

    def accepted() -> bool:
        with suppress(OSError, HTTPException):
            answer = stack.api("POST", "/notifications/bulk", {"notifications": requests})
            if answer.status == ACCEPTED:
                ids[:] = [UUID(result["id"]) for result in answer.json["results"]]
        return bool(ids)

    wait_until(accepted, seconds=60, what="a hundred to be accepted")
    return ids
