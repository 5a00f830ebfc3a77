"""Every process is asked to end, in turn, under load: no caller notices and nothing is sent twice (RELIABILITY R19)."""

import signal
from itertools import cycle, islice

from tests.faults.clients import asking, mixed
from tests.faults.conftest import Form
from tests.faults.judging import all_sent, judge, wait_until_sent, wait_until_settled
from tests.faults.killing import OURS
from tests.stack import Stack
from tests.stack.running import wait_until


def test_restarting_everything_in_turn_is_not_noticed(stack: Stack, form: Form) -> None:
    with asking(stack.api, make=mixed) as clients:
        ids = clients.journal.ids
        for name in islice(cycle(OURS), form(len(OURS), 50)):
            reached, leader = len(ids), stack.leader(name)
            wait_until(lambda: len(ids) > reached + 10, seconds=60, what="work to go on")  # noqa: B023
            assert stack.kill(name, number=signal.SIGTERM)
            wait_until(
                lambda: stack.leader(name) not in (None, leader),  # noqa: B023
                seconds=60,
                what=f"another {name}",
            )

    stack.wait_until_up()
    wait_until_sent(stack, ids, seconds=60)
    wait_until_settled(stack, ids)
    judged = judge(stack, ids)
    slowest = max(clients.journal.seconds)
    print(f"{judged}; slowest answer {slowest:.1f} s")
    assert clients.journal.refused == {}
    assert judged.doubled == 0
    assert all_sent(judged), judged
    assert not any(state == "unknown" for _, state, _ in judged.states)
