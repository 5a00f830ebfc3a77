"""kill -9 of our own processes, at random, while work goes on (RELIABILITY R1, R2)."""

import pytest

from tests.faults.clients import HELD_TYPE, asking, mixed
from tests.faults.conftest import LONG, Form
from tests.faults.judging import all_sent, judge, wait_until_sent, wait_until_settled
from tests.faults.killing import kill_at_random
from tests.stack import Stack


@pytest.mark.parametrize("draw", range(10 if LONG else 1))
def test_whoever_is_killed_nothing_is_lost_and_nothing_is_sent_twice_silently(
    stack: Stack, form: Form, seed: int, draw: int
) -> None:
    stack.api.put(f"/types/{HELD_TYPE}", {"unknown_policy": "at_most_once"})

    with asking(stack.api, make=mixed, rest_seconds=0.03) as clients:
        ids = clients.journal.ids
        hits = kill_at_random(stack, seed=seed, kills=form(12, 1_000), enough=lambda: len(ids) >= form(80, 15_000))
    stack.wait_until_up()
    seconds = wait_until_sent(stack, ids, seconds=60)
    settled = wait_until_settled(stack, ids)

    judged = judge(stack, ids)
    print(f"killed {dict(hits)}; {judged}; all ended {seconds:.1f} s and closed {settled:.1f} s later")
    print(f"answers other than 202: {dict(clients.journal.refused)}")
    assert all_sent(judged), judged
