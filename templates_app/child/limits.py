"""What a render child may take: memory, processor time, and nothing else."""

import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

WORN_OUT = 0.5  # of its memory: grown by so much it makes room for a fresh one
_PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory_bytes` beyond what it has when it is born; `cpu_seconds` of processor time for filling in one text,
    `making_seconds` for making one page, which is done once for all who get it.
    """

    memory_bytes: int = 128 * 1024 * 1024
    cpu_seconds: float = 0.25
    making_seconds: float = 2.0


def confine(limits: Limits) -> int:
    """Take away from this process what filling in texts does not need; returns the bytes at which it is worn out."""
    born = address_space()
    _limit(resource.RLIMIT_AS, born + limits.memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)  # binds everybody but root
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_DFL)
    return born + int(limits.memory_bytes * WORN_OUT)


def address_space() -> int:
    """How much address space this process has."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    except OSError:  # no Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def allow(seconds: float) -> None:
    """The process dies by SIGPROF when it takes more than so much processor time until this is called again; 0 = as
    much as it likes. No code of a template, nor of a library that is busy with one, can catch that. A slow machine
    kills nobody.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))
