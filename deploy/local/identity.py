"""Who a process id is, so that nobody ends a stranger: pids are reused, a pid with its start time is not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for all its life, also across a reboot; `started` is opaque but comparable."""

    pid: int
    started: str

    def alive(self) -> bool:
        """True while this very process runs; a zombie and a reused pid are not it."""
        return start_mark(self.pid) == self.started

    def says(self, words: str) -> bool:
        """Whether the command line or the environment of the living process contains `words`."""
        return self.alive() and any(words in text for text in (command_line(self.pid), environment_text(self.pid)))


def identify(pid: int) -> Identity | None:
    """The identity of a living process, None when there is none (or only its zombie)."""
    mark = start_mark(pid)
    return None if mark is None else Identity(pid=pid, started=mark)


def myself() -> Identity:
    """The identity of this process. Raises RuntimeError where start times cannot be read at all."""
    me = identify(os.getpid())
    if me is None:
        raise RuntimeError("cannot read my own start time: neither /proc nor ps works here")
    return me


def start_mark(pid: int) -> str | None:
    """The start mark of a living process: on Linux the boot and the ticks since then, elsewhere `ps -o lstart`."""
    if not PROC.joinpath("self").exists():
        return _start_mark_by_ps(pid)
    try:
        # Field 2 is the name in parentheses and may hold spaces: count from the last ")".
        fields = PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


def command_line(pid: int) -> str:
    """The command line, arguments separated by spaces; empty when it cannot be read."""
    try:
        return PROC.joinpath(str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "" if PROC.joinpath("self").exists() else _ps(pid, column="args")


def environment_text(pid: int) -> str:
    """The environment the process was started with, as lines; empty when it is not ours to read."""
    try:
        return PROC.joinpath(str(pid), "environ").read_bytes().replace(b"\0", b"\n").decode(errors="replace")
    except OSError:
        return ""


def processes_marked(mark: str) -> list[Identity]:
    """Every living process whose environment has the line `mark` (NAME=value), this one excepted. Linux only."""
    if not PROC.joinpath("self").exists():
        return []
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    marked = (pid for pid in pids if pid != os.getpid() and mark in environment_text(pid).split("\n"))
    return [identity for pid in marked if (identity := identify(pid)) is not None]


def end(identities: Iterable[Identity], *, gently_seconds: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Send `first` to each process, SIGKILL to what lives on after `gently_seconds`; return when all are gone."""
    living = [one for one in identities if one.alive()]
    for one in living:
        send(one, number=first)
    if not wait_until(lambda: not any(one.alive() for one in living), seconds=gently_seconds):
        for one in living:
            send(one, number=signal.SIGKILL)
        wait_until(lambda: not any(one.alive() for one in living), seconds=5)


def send(identity: Identity, *, number: signal.Signals) -> None:
    """Signal this very process; silently nothing when it has already gone."""
    if identity.alive():
        with suppress(ProcessLookupError):
            os.kill(identity.pid, number)


def send_to_group(group: int, *, number: int) -> bool:
    """Signal a process group of ours (0: only ask); False when no member is left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM when only zombies are left
        return False
    return True


def wait_until(true: Callable[[], bool], *, seconds: float, every_seconds: float = 0.02) -> bool:
    """Wait until `true()`; False when it was not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every_seconds)
    return True


@cache
def _boot() -> str:
    return PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()


def _start_mark_by_ps(pid: int) -> str | None:
    if _ps(pid, column="stat").startswith("Z"):
        return None
    return _ps(pid, column="lstart") or None


def _ps(pid: int, *, column: str) -> str:
    done = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()
