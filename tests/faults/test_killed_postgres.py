"""kill -9 of PostgreSQL: what was answered 202 is there, and everybody goes on by themselves (RELIABILITY R5)."""

import time
from random import Random

from tests.faults.clients import asking, mixed
from tests.faults.conftest import Form
from tests.faults.judging import all_sent, judge, wait_until_sent, wait_until_settled
from tests.stack import Stack
from tests.stack.running import wait_until

HEALING = ("web", "realtime", "worker-critical", "worker-bulk", "worker-background", "timekeeper")


def test_every_202_outlives_it_and_nobody_has_to_be_restarted(stack: Stack, form: Form, seed: int) -> None:
    chance = Random(seed)
    before = {name: stack.leader(name) for name in HEALING}
    pauses: list[float] = []

    with asking(stack.api, make=mixed) as clients:
        ids = clients.journal.ids
        for _ in range(form(1, 20)):
            time.sleep(chance.uniform(1, form(4, 9)))
            assert stack.kill("postgres")
            reached = len(ids)
            pauses.append(wait_until(lambda: len(ids) > reached + 10, seconds=60, what="to be accepted again"))  # noqa: B023

    stack.wait_until_up()
    seconds = wait_until_sent(stack, ids, seconds=60)
    wait_until_settled(stack, ids)
    judged = judge(stack, ids)
    ((rows,),) = stack.sql("SELECT count(*) FROM notifications_notification WHERE id = ANY (%s)", ids)
    print(f"{judged}; accepted again after {[round(pause, 1) for pause in pauses]} s; all ended {seconds:.1f} s later")
    print(f"answers other than 202: {dict(clients.journal.refused)}")
    assert rows == len(set(ids)) == len(ids)
    assert all_sent(judged), judged
    assert set(clients.journal.refused) <= {503}  # an answer, with Retry-After, and never a broken connection
    assert {name: stack.leader(name) for name in HEALING} == before
