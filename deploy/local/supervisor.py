"""Keeps servers and programs running: starts, restarts with backoff, collects output, and stops all in order.

One thread does everything, because the kernel binds a child's life to the thread that started it (see `spawn`).
"""

from __future__ import annotations

import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from deploy.local.account import Unreachable
from deploy.local.binaries import MissingPrograms
from deploy.local.child import Child
from deploy.local.console import Console
from deploy.local.identity import identify, send_to_group
from deploy.local.output import Output
from deploy.local.runfile import Running
from deploy.local.service import Service, ServiceFailed

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
STEADY_SECONDS = 30.0  # a process that lived this long is judged anew
PROOF_SECONDS = 10.0  # a process that ended while starting up has to live this long before we call it running
GRACE_SECONDS = 10.0  # between a polite signal and SIGKILL
TICK_SECONDS = 0.2
CANNOT_START = (OSError, ServiceFailed, MissingPrograms, Unreachable)


class Stopped(Exception):
    """Somebody asked us to stop."""


@dataclass(slots=True)
class Kept:
    """Something that has to run, and when to start it again."""

    one: Service | Child
    born_at: float
    delay_seconds: float = FIRST_DELAY_SECONDS
    due_at: float | None = None  # monotonic moment of the next start; None while it runs


class Supervisor:
    """`note` is told what runs whenever that changes."""

    def __init__(self, *, console: Console, note: Callable[[tuple[Running, ...]], None]) -> None:
        self._console, self._note = console, note
        self._kept: list[Kept] = []
        self._selector = selectors.DefaultSelector()
        self._heard: dict[int, Output] = {}  # by pipe
        self._stragglers: dict[int, float] = {}  # process groups that outlived their leader, and until when they may
        self._noted: tuple[Running, ...] | None = None
        self._signals = 0
        self._hear_signals()

    @property
    def stop_asked(self) -> bool:
        """Whether a signal to stop has come."""
        return self._signals > 0

    def unsteady(self) -> tuple[str, ...]:
        """Names of those that have ended before and have not proved since then that they can live."""
        now = time.monotonic()
        return tuple(
            kept.one.name
            for kept in self._kept
            if kept.due_at is not None
            or (kept.delay_seconds > FIRST_DELAY_SECONDS and now - kept.born_at < PROOF_SECONDS)
        )

    def keep(self, one: Service | Child) -> None:
        """Start it now and keep it running. Raises what starting raises (`CANNOT_START`)."""
        if isinstance(one, Service):
            one.start()
        else:
            self._listen(one.launch())
        self._kept.append(Kept(one=one, born_at=time.monotonic()))
        self._tell()

    def run_step(self, step: Child) -> int:
        """Run a program to its end and give its exit code. Raises Stopped when a signal came meanwhile."""
        self._listen(step.launch())
        while step.alive():
            self._turn()
            if self.stop_asked:
                step.signal(signal.SIGTERM)
                self._wait_for((step,), seconds=GRACE_SECONDS)
                raise Stopped
        self._hear(0)
        return step.exit_code or 0

    def wait(self, until: Callable[[], bool], *, seconds: float) -> bool:
        """Go on keeping everything until `until()`; False when it was not within `seconds`. Raises Stopped."""
        deadline = time.monotonic() + seconds
        while not until():
            if self.stop_asked:
                raise Stopped
            if time.monotonic() > deadline:
                return False
            self._turn()
        return True

    def run(self) -> None:
        """Keep everything until a signal to stop comes."""
        while not self.stop_asked:
            self._turn()

    def stop_all(self) -> None:
        """Stop the programs by falling stage and the servers last. A further signal on the way ends all patience."""
        patience, children = self._signals, [kept.one for kept in self._kept if isinstance(kept.one, Child)]
        for stage in sorted({child.stage for child in children}, reverse=True):
            together = [child for child in children if child.stage == stage]
            for child in together:
                child.signal(signal.SIGTERM)
            self._wait_for(together, seconds=GRACE_SECONDS, patience=patience)
        for group in self._stragglers:
            send_to_group(group, number=signal.SIGKILL)
        for kept in reversed(self._kept):
            if isinstance(kept.one, Service):
                kept.one.stop()
        self._kept.clear()

    def _turn(self) -> None:
        """One round: hear, reap, restart, tell. Takes TICK_SECONDS at most while nothing happens."""
        self._hear(TICK_SECONDS)
        now = time.monotonic()
        for kept in self._kept:
            self._look_after(kept, now=now)
        for group, until in list(self._stragglers.items()):
            if now > until:
                send_to_group(group, number=signal.SIGKILL)
            if not send_to_group(group, number=0):
                del self._stragglers[group]
        self._tell()

    def _look_after(self, kept: Kept, *, now: float) -> None:
        if kept.due_at is None and not kept.one.alive():
            if now - kept.born_at >= STEADY_SECONDS:
                kept.delay_seconds = FIRST_DELAY_SECONDS
            self._mourn(kept.one, delay_seconds=kept.delay_seconds, now=now)
            self._plan_restart(kept, now=now)
        elif kept.due_at is not None and now >= kept.due_at:
            kept.due_at = None
            try:
                self._launch(kept.one)
            except CANNOT_START as error:
                self._console.trouble(f"{kept.one.name} cannot start: {error}")
                self._plan_restart(kept, now=now)
            kept.born_at = now

    def _plan_restart(self, kept: Kept, *, now: float) -> None:
        kept.due_at = now + kept.delay_seconds
        kept.delay_seconds = min(kept.delay_seconds * 2, LONGEST_DELAY_SECONDS)

    def _mourn(self, one: Service | Child, *, delay_seconds: float, now: float) -> None:
        """Say how it ended; what it left in its process group may finish its work, but not for long."""
        how = _ending(one.exit_code)
        if isinstance(one, Child):
            self._hear(0)  # its last words before ours
            if one.group is not None and send_to_group(one.group, number=signal.SIGTERM):
                self._stragglers[one.group] = now + GRACE_SECONDS
        self._console.trouble(f"{one.name} {how}; starting it again in {delay_seconds:.1f} s")

    def _wait_for(self, children: Sequence[Child], *, seconds: float, patience: int | None = None) -> None:
        """Listen until all have ended; SIGKILL comes after this time, or after one more signal than `patience`."""
        deadline = time.monotonic() + seconds
        groups = [child.pid for child in children if child.pid is not None]
        while any(child.alive() for child in children) and time.monotonic() < deadline:
            if patience is not None and self._signals > patience:
                break
            self._hear(0.05)
        for group in groups:
            send_to_group(group, number=signal.SIGKILL)
        while any(child.alive() for child in children):
            self._hear(0.02)
        self._hear(0)

    def _launch(self, one: Service | Child) -> None:
        if isinstance(one, Service):
            one.launch()
        else:
            self._listen(one.launch())

    def _listen(self, output: Output) -> None:
        self._heard[output.pipe] = output
        self._selector.register(output.pipe, selectors.EVENT_READ)

    def _hear(self, seconds: float) -> None:
        """Wait for output or a signal at most this long, and take what there is."""
        for key, _ in self._selector.select(seconds):
            if key.fd not in self._heard:
                self._wake.recv(4096)
            elif not self._heard[key.fd].read():
                self._selector.unregister(key.fd)
                self._heard.pop(key.fd).close()

    def _tell(self) -> None:
        running = tuple(
            Running(
                name=kept.one.name,
                identity=None if kept.one.pid is None else identify(kept.one.pid),
                service=isinstance(kept.one, Service),
            )
            for kept in self._kept
        )
        if running != self._noted:
            self._noted = running
            self._note(running)

    def _hear_signals(self) -> None:
        """A signal only counts and wakes the loop; SIGCHLD wakes it for a quick restart."""
        self._wake, wakes = socket.socketpair()
        for end in (self._wake, wakes):
            end.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        self._wakes = wakes  # lives as long as we do
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._count)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1


def _ending(code: int | None) -> str:
    if code is None:
        return "ended"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
