"""The server: forks a child for every byte it gets, hands it over, and goes when nobody is left to ask.

It has read everything a child needs and has no threads, so a fork is quick and holds no lock.
"""

import mmap
import os
import signal
import socket
import sys
import tempfile
from contextlib import suppress

from templates_app.child.filling import serve
from templates_app.child.limits import Limits


def main(control: socket.socket, limits: Limits) -> None:
    """Serve until the other end of `control` is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's business but the worker's, who hears them go
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the worker finishes what it does
    while _asked(control):
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as progress:
            os.ftruncate(progress.fileno(), mmap.PAGESIZE)
            if os.fork() == 0:
                _be_born(control, ours, theirs, progress.fileno(), limits)
            with suppress(OSError):  # nobody is there to take it: the next look at the line says so too
                socket.send_fds(control, [b"c"], [ours.fileno(), progress.fileno()])
        ours.close()
        theirs.close()


def _asked(control: socket.socket) -> bool:
    try:
        return bool(control.recv(1))
    except OSError:
        return False


def _be_born(control: socket.socket, ours: socket.socket, theirs: socket.socket, progress: int, limits: Limits) -> None:
    """The child's whole life; does not return."""
    try:
        control.close()
        ours.close()
        serve(theirs, mmap.mmap(progress, mmap.PAGESIZE), limits)
    finally:
        os._exit(0)


if __name__ == "__main__":
    number, memory_bytes, cpu_seconds = sys.argv[1:]
    main(socket.socket(fileno=int(number)), Limits(int(memory_bytes), float(cpu_seconds)))
