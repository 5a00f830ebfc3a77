"""When a provider account is left alone, and how it is tried again.

Closed: calls go. Open: none goes, for a while. Half open: a few probes go; if they succeed the circuit closes, if one
fails it opens again. The same rule in Lua, shared by all processes: channels_app/lua/breaker.lua.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from channels_app.values import NOT_BEGUN, Refused, Retry, SendResult, Sent, Unknown

State = Literal["closed", "open", "half_open"]

WINDOW = 100  # calls that are remembered
LEAST = 20  # calls before anything is concluded
PROBES = 5  # calls let through while half open
GOOD_PROBES = 3  # of them that must succeed
PROBING_MS = 1000  # while probes are out it is worth asking this often


@dataclass(frozen=True, slots=True)
class Policy:
    """When to open, and for how long."""

    threshold_percent: int  # 1 to 100
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is remembered of one account. `since_ms` is when it last opened or was last given probes."""

    state: State = "closed"
    window: str = ""  # oldest first; 1 = failed, 0 = succeeded
    since_ms: int = 0
    probes: int = 0  # left to give while half open
    heard: int = 0  # good probes so far


def allow(circuit: Circuit, wanted: int, *, now_ms: int, policy: Policy) -> tuple[Circuit, int]:
    """How many of `wanted` calls may go now. Probes that are never heard of are given anew after another timeout."""
    circuit = _not_in_the_future(circuit, now_ms=now_ms)
    if circuit.state == "closed":
        return circuit, wanted
    if now_ms - circuit.since_ms >= policy.timeout_ms:
        circuit = replace(circuit, state="half_open", since_ms=now_ms, probes=PROBES, heard=0)
    if circuit.state == "open":
        return circuit, 0
    granted = min(wanted, circuit.probes)
    return replace(circuit, probes=circuit.probes - granted), granted


def record(circuit: Circuit, outcomes: str, *, now_ms: int, policy: Policy) -> Circuit:
    """Learn how calls went (see `mixed`). What is heard while the circuit is open comes from calls before, and says
    nothing new.
    """
    circuit = _not_in_the_future(circuit, now_ms=now_ms)
    if circuit.state == "closed":
        window = (circuit.window + outcomes)[-WINDOW:]
        if len(window) >= LEAST and window.count("1") * 100 >= policy.threshold_percent * len(window):
            return Circuit("open", since_ms=now_ms)
        return replace(circuit, window=window)
    if circuit.state == "half_open":
        if "1" in outcomes:
            return Circuit("open", since_ms=now_ms)
        heard = circuit.heard + len(outcomes)
        if heard >= GOOD_PROBES:
            return Circuit("closed", since_ms=now_ms)
        return replace(circuit, heard=heard)
    return circuit


def wait_ms(circuit: Circuit, *, now_ms: int, policy: Policy) -> int:
    """How long until asking is worth while: 0 when closed, little while probes are out, at most the timeout."""
    if circuit.state == "closed" or circuit.probes:
        return 0
    left = min(max(circuit.since_ms + policy.timeout_ms - now_ms, 0), policy.timeout_ms)
    return left if circuit.state == "open" else min(left, PROBING_MS)


def tally(results: Iterable[SendResult]) -> tuple[int, int]:
    """Successes and failures of the provider in a batch. A recipient's bad address is an answer, so a success; a call
    that was never made, and trouble that lies with the recipient for now, is neither.
    """
    successes = failures = 0
    for result in results:
        match result:
            case Unknown(provider_fault=faulty):
                failures += faulty
            case Retry(code=code, provider_fault=faulty):
                failures += faulty and code != NOT_BEGUN
            case Refused(provider_fault=True):
                failures += 1
            case Sent() | Refused():
                successes += 1
    return successes, failures


def mixed(successes: int, failures: int) -> str:
    """The outcomes of a batch whose order is not known, failures spread evenly, the last `WINDOW` of them."""
    total = successes + failures
    if total == 0:
        return ""
    kept = min(total, WINDOW)
    return "".join(
        "1" if (place + 1) * failures // total > place * failures // total else "0"
        for place in range(total - kept, total)
    )


def _not_in_the_future(circuit: Circuit, *, now_ms: int) -> Circuit:
    """Clocks differ: nobody waits longer than one timeout from now."""
    return replace(circuit, since_ms=now_ms) if circuit.since_ms > now_ms else circuit
