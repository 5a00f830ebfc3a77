"""Threads of a process enter a lane one after another, and a batch that lasts holds nobody up."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from orchestrator.services import turnstile as module
from orchestrator.services.turnstile import Turnstile
from tests.stack.running import wait_until

LONG, SHORT = 30.0, 0.02


@pytest.fixture
def others() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def turnstile(monkeypatch: pytest.MonkeyPatch) -> Turnstile:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", LONG)
    monkeypatch.setattr(module, "CRITICAL_PATIENCE_SECONDS", SHORT)
    return Turnstile()


def waiting(turnstile: Turnstile, pool: ThreadPoolExecutor) -> Future[bool]:
    """Another thread that stands before the lane."""
    entering = pool.submit(turnstile.enter, "plan.low")
    wait_until(lambda: "plan.low" in turnstile._waiting, seconds=5, what="the other thread to wait")
    return entering


def test_nobody_waits_for_company(turnstile: Turnstile) -> None:
    assert turnstile.enter("plan.low")
    assert turnstile.enter("send.low")


def test_who_comes_during_a_turn_begins_when_it_ends(turnstile: Turnstile, others: ThreadPoolExecutor) -> None:
    turnstile.enter("plan.low")
    entering = waiting(turnstile, others)
    assert not entering.done()

    turnstile.leave("plan.low")

    assert entering.result(timeout=LONG / 3)


def test_who_comes_while_somebody_waits_need_not_come(turnstile: Turnstile, others: ThreadPoolExecutor) -> None:
    turnstile.enter("plan.low")
    entering = waiting(turnstile, others)

    assert others.submit(turnstile.enter, "plan.low").result(timeout=LONG / 3) is False

    turnstile.leave("plan.low")
    assert entering.result(timeout=LONG / 3)


def test_a_batch_that_lasts_holds_nobody_up(turnstile: Turnstile, others: ThreadPoolExecutor) -> None:
    turnstile.enter("plan.critical")

    assert others.submit(turnstile.enter, "plan.critical").result(timeout=LONG / 3)


def test_a_turn_of_many_short_batches_is_waited_for(turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((0.0, SHORT * 0.9, SHORT * 1.5))
    monkeypatch.setattr(module, "monotonic", lambda: next(moments))
    turnstile.enter("plan.critical")
    turnstile.goes_on("plan.critical")

    assert turnstile._seconds_left("plan.critical") == pytest.approx(SHORT * 0.4)
