"""A process that does nothing until its supervisor dies without a word, and then ends what was left behind.

The kernel's signal to orphans (`spawn`) reaches direct children only, asks politely, and exists on Linux alone; this
reaches everything. `./carillon up` and `down` do the same once more, should the guardian have been killed too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from deploy.local.console import console
from deploy.local.identity import wait_until
from deploy.local.leftovers import clear_leftovers
from deploy.local.locks import is_locked, try_lock
from deploy.local.paths import REPO, State, state_of

FAREWELL = b"stopped in order"
LOCK_SECONDS = 2.0


class Guardian:
    """The supervisor's end: as long as this object lives, so does the watch."""

    def __init__(self, state: State) -> None:
        reading, self._writing = os.pipe()
        with (state.logs / "supervisor.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.guardian"],
                stdin=reading,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "CARILLON_STATE_DIR": str(state.folder)},
                cwd=REPO,
                start_new_session=True,
            )
        os.close(reading)

    def dismiss(self) -> None:
        """All is stopped: there is nothing to clear."""
        with suppress(BrokenPipeError):  # somebody killed it
            os.write(self._writing, FAREWELL)
        os.close(self._writing)
        self._process.wait()


def watch(state: State) -> None:
    """Read standard input to its end, which is the supervisor's; without a farewell, clear up."""
    if sys.stdin.buffer.read() == FAREWELL:
        return
    # The dying supervisor lets go of the pipe and of the lock in no fixed order.
    if not wait_until(lambda: not is_locked(state.up_lock), seconds=LOCK_SECONDS):
        return
    lock = try_lock(state.up_lock)
    if lock is None:  # another invocation was faster, and clears up
        return
    out = console()
    out.step("the supervisor was killed")
    try:
        clear_leftovers(state, console=out)
    finally:
        os.close(lock)


if __name__ == "__main__":
    watch(state_of(os.environ))
