"""Start children: such as cannot outlive us, in a process group of their own; and such as have the user's terminal."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from deploy.local.account import Account

PR_SET_PDEATHSIG = 1  # prctl(2)


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    output: int | IO[bytes],
    orphan_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    keep_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in `folder` with both output streams going to `output`.

    The child leads a process group of its own, so a Ctrl-C in the terminal reaches only the supervisor, which then
    stops everything in order. Call this from a thread that lives as long as the child should: the kernel sends
    `orphan_signal` when the *thread* that started the child ends. Raises OSError when the program cannot be started.
    """
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(env),
        cwd=folder,
        pass_fds=tuple(keep_fds),
        process_group=0,
        umask=0o077,  # messages and counters are nobody else's business
        preexec_fn=_leash(orphan_signal),  # noqa: PLW1509 - the launcher has one thread, and this takes no lock
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
    )


def run_in_front(command: Sequence[str], *, env: Mapping[str, str], folder: Path) -> int:
    """Run on the user's terminal to the end; the exit code as a shell gives it.

    A Ctrl-C is the command's to answer; we wait for what it makes of it.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(command, env=dict(env), cwd=folder, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    return 128 - code if code < 0 else code


def _leash(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does between fork and exec. It runs after the change of user, which would clear the setting."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def hold() -> None:
        prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the leash held
            os._exit(1)

    return hold
