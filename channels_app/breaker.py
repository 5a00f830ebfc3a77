"""The circuit breakers of provider accounts: shared by all processes, and each for itself while Redis is out.

Our own rather than interlock-cb: that one shares only the state and judges by the calls of a single process, keeps a
background thread per process, and knows no batches; the rule itself is a page of pure code.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from django.conf import settings
from prometheus_client import Counter, Gauge

from channels_app.rules import breaker as rules
from channels_app.rules.breaker import Circuit, Policy, State
from channels_app.shared_state import Script, SharedState, shared_state
from channels_app.values import SendResult

STATE = Gauge(
    "carillon_breaker_state",
    "0 closed, 1 half open, 2 open: the worst of a provider's accounts.",
    ("provider",),
    multiprocess_mode="mostrecent",
)
CHANGES = Counter("carillon_breaker_changes_total", "Circuits that opened, half opened or closed.", ("provider", "to"))

_FIGURES: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}
_SCRIPT = Script("breaker")

log = logging.getLogger(__name__)


class CircuitBreaker(Protocol):
    """What the pipeline needs of a breaker. `at` is aware."""

    def allow(self, account_key: str, n: int, *, at: datetime) -> int:
        """How many of `n` calls may go now. Each one that goes is to be recorded."""

    def record(self, account_key: str, successes: int, failures: int, *, at: datetime) -> None:
        """Tell how calls went; `rules.breaker.tally` counts a batch."""

    def state(self, account_key: str, *, at: datetime) -> State:
        """How the circuit stands; looking changes nothing."""

    def wait_seconds(self, account_key: str, *, at: datetime) -> float:
        """After a refusal: how long until asking again is worth while."""


class Breaker:
    """The breaker of this process. What it last heard from Redis is what it goes on with when Redis is out."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._circuits: dict[str, Circuit] = {}
        self._troubled: dict[str, int] = {}  # those that are not closed, in figures

    def allow(self, account_key: str, n: int, *, at: datetime) -> int:
        answer = self._ask("allow", account_key, n, at=at)
        if answer is not None:
            return answer
        with self._lock:
            before = self._circuits.get(account_key, Circuit())
            circuit, granted = rules.allow(before, n, now_ms=_milliseconds(at), policy=_policy())
            self._keep(account_key, circuit, before=before.state)
        return granted

    def record(self, account_key: str, successes: int, failures: int, *, at: datetime) -> None:
        outcomes = rules.mixed(successes, failures)
        if not outcomes or self._ask("record", account_key, outcomes, at=at) is not None:
            return
        with self._lock:
            before = self._circuits.get(account_key, Circuit())
            circuit = rules.record(before, outcomes, now_ms=_milliseconds(at), policy=_policy())
            self._keep(account_key, circuit, before=before.state)

    def record_results(self, account_key: str, results: Sequence[SendResult], *, at: datetime) -> None:
        """Tell how a batch went."""
        self.record(account_key, *rules.tally(results), at=at)

    def state(self, account_key: str, *, at: datetime) -> State:
        self._ask("look", account_key, at=at)
        return self._circuits.get(account_key, Circuit()).state

    def wait_seconds(self, account_key: str, *, at: datetime) -> float:
        circuit = self._circuits.get(account_key, Circuit())
        return rules.wait_ms(circuit, now_ms=_milliseconds(at), policy=_policy()) / 1000

    def _ask(self, verb: str, account_key: str, *what: str | int, at: datetime) -> int | None:
        policy = _policy()
        facts = (
            policy.threshold_percent,
            policy.timeout_ms,
            rules.WINDOW,
            rules.LEAST,
            rules.PROBES,
            rules.GOOD_PROBES,
        )
        arguments = [verb, _milliseconds(at), *facts, *what]
        answer = self._shared.run(_SCRIPT, keys=[f"carillon:breaker:{account_key}"], args=arguments)
        if answer is None:
            return None
        granted, before, state, window, since_ms, probes, heard = answer
        with self._lock:
            self._keep(account_key, Circuit(state, window, int(since_ms), probes, heard), before=before)
        return int(granted)

    def _keep(self, account_key: str, circuit: Circuit, *, before: State) -> None:
        self._circuits[account_key] = circuit
        provider = _provider_of(account_key)
        if circuit.state == "closed":
            self._troubled.pop(account_key, None)
        else:
            self._troubled[account_key] = _FIGURES[circuit.state]
        worst = (figure for key, figure in self._troubled.items() if _provider_of(key) == provider)
        STATE.labels(provider).set(max(worst, default=0))
        if circuit.state != before:
            CHANGES.labels(provider, circuit.state).inc()
            extra = {"account": account_key, "was": before, "is_now": circuit.state}
            log.warning("breaker.changed", extra=extra)


def _provider_of(account_key: str) -> str:
    return account_key.partition(":")[0]


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _policy() -> Policy:
    orchestrator = settings.ORCHESTRATOR
    return Policy(orchestrator.breaker_threshold_percent, int(orchestrator.breaker_timeout_seconds * 1000))


breaker = Breaker(shared_state)
