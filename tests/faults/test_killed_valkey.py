"""Valkey emptied, killed, frozen and kept away: it only ever cost time (RELIABILITY R3)."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
import redis

from tests.faults.clients import Journal, asking, mail
from tests.faults.conftest import Form
from tests.faults.judging import all_sent, judge, wait_until_sent, wait_until_settled
from tests.stack import Stack
from tests.stack.running import wait_until

DISPATCH = """
SELECT percentile_disc(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (ORDER BY extract(epoch FROM a.begun_at - n.created_at))
FROM notifications_attempt a JOIN notifications_delivery d ON d.id = a.delivery_id
JOIN notifications_notification n ON n.id = d.notification_id
WHERE n.id = ANY (%s) AND a.number = 1
"""
# Far above what is measured (the long form prints it): a test that fails because a machine is busy proves nothing.
MOST_ACCEPT_SECONDS = 5.0
MOST_DISPATCH_SECONDS = 20.0


def test_flushing_it_again_and_again_loses_nothing(stack: Stack, form: Form) -> None:
    def flush() -> None:
        with redis.Redis.from_url(stack.redis_url) as valkey:
            valkey.flushall()

    with asking(stack.api) as clients:
        for _ in range(form(4, 12)):
            time.sleep(form(1, 5))
            flush()

    _proven(stack, clients.journal)


def test_killing_it_again_and_again_loses_nothing(stack: Stack, form: Form) -> None:
    with asking(stack.api) as clients:
        for _ in range(form(2, 9)):
            time.sleep(form(2, 7))
            wait_until(lambda: stack.kill("valkey"), seconds=60, what="valkey to be there again")

    _proven(stack, clients.journal)


@pytest.mark.parametrize("absence", ["frozen", "gone"])
def test_without_it_everything_is_accepted_and_sent(stack: Stack, form: Form, absence: str) -> None:
    with asking(stack.api) as clients, _frozen(stack) if absence == "frozen" else _gone(stack):
        time.sleep(form(5, 60))
        reached = len(clients.journal.ids)
        assert reached > 0
        wait_until(
            lambda: _sent(stack, clients.journal.ids[:reached]) == reached,
            seconds=60,
            what="what was accepted to be sent while nobody hears a bell",
        )

    _proven(stack, clients.journal)


def test_a_bell_that_nobody_heard_and_nobody_will_ring_again_is_rung_by_the_timekeeper(stack: Stack) -> None:
    assert stack.kill("worker-bulk")
    accepted = stack.api.notify(**mail(0, f"unheard-{uuid4().hex}"), priority="high")
    with redis.Redis.from_url(stack.redis_url) as valkey:
        deadline = time.monotonic() + 2  # a bell may also be lost with the connection of the worker that was killed
        while time.monotonic() < deadline:
            valkey.flushall()

    wait_until_sent(stack, [UUID(accepted["id"])], seconds=60)


def _proven(stack: Stack, journal: Journal) -> None:
    """Every request was accepted at the first attempt; everything was sent, and nothing twice."""
    assert journal.refused == {}
    stack.wait_until_up()
    wait_until_sent(stack, journal.ids, seconds=60)
    wait_until_settled(stack, journal.ids)
    judged = judge(stack, journal.ids)

    ((seconds,),) = stack.sql(DISPATCH, journal.ids)
    middle, late, latest = (round(float(one), 3) for one in seconds)
    accept = round(journal.percentile(0.5), 3), round(journal.percentile(0.99), 3)
    print(f"{judged}; accepted in p50, p99 {accept} s; dispatched p50, p99, max {middle, late, latest} s")
    assert all_sent(judged), judged
    assert judged.doubled == 0
    assert journal.percentile(0.99) < MOST_ACCEPT_SECONDS
    assert latest < MOST_DISPATCH_SECONDS


def _sent(stack: Stack, ids: list[object]) -> int:
    ((number,),) = stack.sql(
        "SELECT count(*) FROM notifications_delivery WHERE notification_id = ANY (%s) AND state = 'sent'", ids
    )
    return int(number)


@contextmanager
def _frozen(stack: Stack) -> Iterator[None]:
    """It takes connections and never answers."""
    assert stack.kill("valkey", number=signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill("valkey", number=signal.SIGCONT)


@contextmanager
def _gone(stack: Stack) -> Iterator[None]:
    """It is killed whenever it comes back."""
    back = threading.Event()

    def keep_away() -> None:
        while not back.wait(0.02):
            stack.kill("valkey")

    keeper = threading.Thread(target=keep_away)
    keeper.start()
    try:
        yield
    finally:
        back.set()
        keeper.join()
