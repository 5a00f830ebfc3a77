"""What must be well for this installation to take requests. Upper floors register what only they can tell."""

from collections.abc import Callable
from dataclasses import dataclass

from kernel.registry import Registry


class NotReady(Exception):
    """Something we need is out. The message says what was found, without addresses or secrets."""


Look = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Probe:
    """`look` returns a few words on what it found, or raises; it must come back within a second or two."""

    key: str
    look: Look


probes: Registry[Probe] = Registry("probe")


def probe(key: str) -> Callable[[Look], Look]:
    """Register the decorated function as the readiness probe `key`."""

    def register(look: Look) -> Look:
        probes.register(Probe(key=key, look=look))
        return look

    return register
