"""What is due at a moment comes at that moment, also when the timekeeper is killed meanwhile (RELIABILITY R18)."""

import time
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from tests.faults.clients import mail
from tests.faults.conftest import Form
from tests.faults.judging import all_sent, judge, wait_until_sent
from tests.stack import Stack
from tests.stack.running import wait_until

FIRST_SECONDS = 10.0  # until the first is due: all have to be accepted by then
LATENESS = """
SELECT extract(epoch FROM a.begun_at - n.scheduled_at)::float8 FROM notifications_attempt a
JOIN notifications_delivery d ON d.id = a.delivery_id JOIN notifications_notification n ON n.id = d.notification_id
WHERE n.id = ANY (%s) AND a.number = 1 ORDER BY 1
"""


def test_no_timer_is_early_and_none_is_lost(stack: Stack, form: Form, seed: int) -> None:
    chance, number, span = Random(seed), form(500, 10_000), form(12, 600)
    first = datetime.now(UTC) + timedelta(seconds=FIRST_SECONDS)
    requests = [
        mail(index, f"timer-{seed}-{index}")
        | {
            "scheduled_at": (first + timedelta(seconds=chance.uniform(0, span))).isoformat(),
            "priority": chance.choice(("critical", "high", "medium", "low")),
        }
        for index in range(number)
    ]
    ids: list[UUID] = []
    for start in range(0, number, 1_000):
        answer = stack.api.post("/notifications/bulk", {"notifications": requests[start : start + 1_000]})
        ids += [UUID(result["id"]) for result in answer["results"]]

    kills = form(2, 20)
    time.sleep(max((first - datetime.now(UTC)).total_seconds(), 0))
    for _ in range(kills):
        time.sleep(span / (kills + 1))
        wait_until(lambda: stack.kill("timekeeper"), seconds=30, what="a timekeeper to kill")
    wait_until_sent(stack, ids, seconds=span + 60)

    judged = judge(stack, ids)
    late = [seconds for (seconds,) in stack.sql(LATENESS, ids)]
    figures = {share: round(late[int(len(late) * share)], 3) for share in (0.5, 0.9, 0.99)} | {1: round(late[-1], 3)}
    print(f"{judged}; seconds late {figures}, {kills} kills of the timekeeper")
    assert all_sent(judged), judged
    assert len(late) == number
    assert late[0] >= 0
    assert late[-1] < 30
