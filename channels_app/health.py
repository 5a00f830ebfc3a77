"""How provider accounts did in the last minutes: counted by all processes together, and by each alone without Redis."""

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import ceil

from channels_app.registry import providers
from channels_app.rules.breaker import tally
from channels_app.rules.health import EDGES_MS, WINDOW_MINUTES, Counts, Health, counted, health_of
from channels_app.shared_state import Script, SharedState, shared_state
from channels_app.values import Account, SendResult, Sent

_SCRIPT = Script("health")
_FIELDS = 2 + len(EDGES_MS) + 1
_KEPT_SECONDS = (WINDOW_MINUTES + 2) * 60


class HealthBook:
    """What this process adds to, and reads from, the counts of all."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._alone: dict[tuple[str, int], Counts] = {}

    def record(self, account: Account, results: Sequence[SendResult], *, seconds: float, at: datetime) -> None:
        """Tell how a batch went that took `seconds` in all."""
        successes, failures = tally(results)
        if not successes + failures:
            return
        can = providers.get(account.provider).capabilities
        in_turn = ceil(len(results) / (can.max_batch * can.concurrency))
        counts = counted(successes, failures, seconds=seconds / in_turn)
        minute = _minute(at)
        fields = [(number, count) for number, count in enumerate(_row(counts), start=1) if count]
        words = _last_words(results, at=at)
        arguments: list[str | int | float] = ["add", _KEPT_SECONDS, len(words)]
        arguments += [word for pair in words.items() for word in pair] + [value for field in fields for value in field]
        if self._shared.run(_SCRIPT, keys=[_key(account.key, minute), _last(account.key)], args=arguments) is None:
            self._keep(account.key, minute, counts)

    def last_of(self, account_key: str) -> Mapping[str, str]:
        """What was heard last: `succeeded_at` and `failed_at` (ISO 8601), and the `code` of that failure."""
        found = self._shared.run(_SCRIPT, keys=[_last(account_key)], args=["last"]) or []
        return dict(zip(found[::2], found[1::2], strict=True))

    def of(self, account_keys: Collection[str], *, at: datetime) -> dict[str, Health]:
        """The health of accounts, in one round trip; what this process counted while Redis was out included."""
        names, minutes = sorted(account_keys), range(_minute(at) - WINDOW_MINUTES + 1, _minute(at) + 1)
        keys = [_key(name, minute) for name in names for minute in minutes]
        answer = self._shared.run(_SCRIPT, keys=keys, args=["read", _FIELDS]) if keys else []
        found: dict[str, list[Counts]] = {name: [] for name in names}
        for place, name in enumerate(names):
            rows = answer[place * len(minutes) * _FIELDS :][: len(minutes) * _FIELDS] if answer else []
            found[name] += [_counts(rows[start : start + _FIELDS]) for start in range(0, len(rows), _FIELDS)]
            with self._lock:
                found[name] += [self._alone[name, minute] for minute in minutes if (name, minute) in self._alone]
        return {name: health_of(counts) for name, counts in found.items()}

    def _keep(self, account_key: str, minute: int, counts: Counts) -> None:
        with self._lock:
            for old in [known for known in self._alone if known[1] <= minute - WINDOW_MINUTES]:
                del self._alone[old]
            self._alone[account_key, minute] = self._alone.get((account_key, minute), Counts()) + counts


def _last_words(results: Sequence[SendResult], *, at: datetime) -> dict[str, str]:
    words: dict[str, str] = {}
    for result in results:
        successes, failures = tally([result])
        if successes:
            words["succeeded_at"] = at.isoformat()
        if failures and not isinstance(result, Sent):
            words |= {"failed_at": at.isoformat(), "code": result.code}
    return words


def _last(account_key: str) -> str:
    return f"{{carillon:health}}:{account_key}:last"


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


def _key(account_key: str, minute: int) -> str:
    # One hash tag: a script may only reach keys of one node of a Redis cluster.
    return f"{{carillon:health}}:{account_key}:{minute}"


def _row(counts: Counts) -> tuple[int, ...]:
    return counts.successes, counts.failures, *counts.timed


def _counts(row: Sequence[int]) -> Counts:
    return Counts(row[0], row[1], tuple(row[2:]))


health = HealthBook(shared_state)
