"""Deadlines fire once, in order, and never after their block was left."""

import socket
import subprocess
import sys
import threading
import time

import pytest

from kernel.deadline import Guard, Watchdog

SOON = 0.02
PATIENCE = 5.0


def test_a_deadline_that_passes_calls_back_once() -> None:
    called = threading.Event()
    calls: list[float] = []

    def on_timeout() -> None:
        calls.append(time.monotonic())
        called.set()

    began = time.monotonic()
    with Watchdog().guard(SOON, on_timeout=on_timeout) as guard:
        assert called.wait(PATIENCE)
        time.sleep(3 * SOON)

    assert guard.passed
    assert len(calls) == 1
    assert calls[0] - began >= SOON


def test_nothing_fires_after_the_block_was_left() -> None:
    calls: list[str] = []
    watchdog = Watchdog()

    with watchdog.guard(SOON, on_timeout=lambda: calls.append("late")) as guard:
        pass
    time.sleep(5 * SOON)

    assert calls == []
    assert not guard.passed


def test_leaving_waits_for_a_callback_that_is_running() -> None:
    order: list[str] = []
    begun = threading.Event()

    def slow() -> None:
        begun.set()
        time.sleep(5 * SOON)
        order.append("callback ended")

    with Watchdog().guard(0, on_timeout=slow):
        assert begun.wait(PATIENCE)
    order.append("block left")

    assert order == ["callback ended", "block left"]


def test_a_nearer_deadline_overtakes_one_already_watched() -> None:
    watchdog = Watchdog()
    near = threading.Event()

    with watchdog.guard(60, on_timeout=lambda: None) as far, watchdog.guard(SOON, on_timeout=near.set):
        assert near.wait(PATIENCE)

    assert not far.passed


def test_a_callback_that_raises_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog()
    after = threading.Event()

    def broken() -> None:
        raise OSError("already closed")

    with watchdog.guard(0, on_timeout=broken), watchdog.guard(SOON, on_timeout=after.set):
        assert after.wait(PATIENCE)

    assert [record.message for record in caplog.records] == ["deadline.callback_failed"]


def test_a_dripping_peer_is_cut_at_the_total_deadline() -> None:
    """The peer sends a byte every 10 ms for ever: a socket time-out would never strike."""
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.01):
            try:
                theirs.send(b".")
            except OSError:
                return

    peer = threading.Thread(target=drip, daemon=True)
    peer.start()
    received = 0
    began = time.monotonic()
    try:
        ours.settimeout(PATIENCE)
        with Watchdog().guard(0.1, on_timeout=lambda: ours.shutdown(socket.SHUT_RDWR)) as guard:
            while data := ours.recv(1):
                received += len(data)
    finally:
        stop.set()
        peer.join(PATIENCE)
        ours.close()
        theirs.close()

    assert guard.passed
    assert received > 0
    assert 0.1 <= time.monotonic() - began < PATIENCE


def test_deadlines_that_are_over_do_not_pile_up() -> None:
    watchdog = Watchdog()

    for _ in range(5000):
        with watchdog.guard(60, on_timeout=lambda: None):
            pass

    assert len(watchdog._heap) <= 1026


def test_deadlines_still_open_survive_the_pruning() -> None:
    watchdog = Watchdog()
    fired = threading.Event()

    with watchdog.guard(0.3, on_timeout=fired.set):
        for _ in range(3000):
            with watchdog.guard(60, on_timeout=lambda: None):
                pass
        assert fired.wait(PATIENCE)


FORK = """
import os, sys, time
from kernel.deadline import watchdog
calls = []
with watchdog.guard(0.2, on_timeout=lambda: calls.append("parent's")):
    child = os.fork()
    if child == 0:
        with watchdog.guard(0.05, on_timeout=lambda: calls.append("child's")):
            time.sleep(0.5)
        os._exit(0 if calls == ["child's"] else 1)
    status = os.waitpid(child, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) or (0 if calls == ["parent's"] else 2))
"""


def test_a_forked_child_watches_its_own_deadlines_and_not_its_parents() -> None:
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=30, check=False)

    assert ended.returncode == 0


def test_a_guard_fires_once_even_when_told_twice() -> None:
    calls: list[int] = []
    guard = Guard(lambda: calls.append(1))

    guard.fire()
    guard.fire()

    assert calls == [1]
