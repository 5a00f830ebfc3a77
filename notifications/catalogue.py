"""What the floor above lends the front door: which strategies a tenant may name, an alarm for what is due later, and
the reasons for what was decided.

The conductor registers all of them at start.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

SetAlarm = Callable[[datetime], None]


class Why(NamedTuple):
    """What was decided about one channel for one recipient. `recipient` is the tenant's own id, empty once erased."""

    recipient: str
    channel: str
    outcome: str  # when it goes out, or the reason code
    rule: str
    flip: str  # what would turn it round


TellWhy = Callable[[UUID], Sequence[Why]]  # of a notification


class StrategyNames(Protocol):
    """Tells the strategy keys a tenant may use; looks again when one of the `wanted` is not among those it knew."""

    def __call__(self, tenant_id: UUID, *, wanted: Collection[str]) -> Collection[str]: ...


DefaultStrategy = Callable[[UUID], str]  # of a tenant; empty = it never said


class TakeBack(Protocol):
    """Calls back what is kept of notifications, in the caller's transaction; tells how much of each."""

    def __call__(
        self, notification_ids: Collection[UUID], *, tenant_id: UUID, actor: str, at: datetime
    ) -> Mapping[UUID, int]: ...


_sources: list[StrategyNames] = []
_alarms: list[SetAlarm] = []
_defaults: list[DefaultStrategy] = []
_reasons: list[TellWhy] = []
_retractions: list[TakeBack] = []


def register_strategies(names: StrategyNames) -> None:
    """Let `names` tell strategy keys; called once at start."""
    if names not in _sources:
        _sources.append(names)


def strategy_names(tenant_id: UUID, *, wanted: Collection[str] = ()) -> frozenset[str]:
    """Every strategy key that `tenant_id` may use; one of the `wanted` that was just made is among them."""
    return frozenset(name for source in _sources for name in source(tenant_id, wanted=wanted))


def register_default_strategy(default: DefaultStrategy) -> None:
    """Let `default` tell the strategy of what names none; called once at start."""
    if default not in _defaults:
        _defaults.append(default)


def default_strategy(tenant_id: UUID, *, otherwise: str) -> str:
    """The strategy of a tenant's messages that name none and whose type names none."""
    return next((found for default in _defaults if (found := default(tenant_id))), otherwise)


def register_alarm(wake_at: SetAlarm) -> None:
    """Let `wake_at(due_at)` see to it that somebody is awake then; called in the transaction that makes it due."""
    if wake_at not in _alarms:
        _alarms.append(wake_at)


def set_alarm(due_at: datetime) -> None:
    """Something falls due at `due_at`: wake who sleeps longer, once the current transaction is committed."""
    for wake_at in _alarms:
        wake_at(due_at)


def register_retraction(take_back: TakeBack) -> None:
    """Let `take_back` call back what the conductor keeps of notifications to tell it later; called once at start."""
    if take_back not in _retractions:
        _retractions.append(take_back)


def retract(notification_ids: Collection[UUID], *, tenant_id: UUID, actor: str, at: datetime) -> dict[UUID, int]:
    """Call back what is kept of notifications to be told later; returns how much of each."""
    taken: Counter[UUID] = Counter()
    for take_back in _retractions:
        taken.update(take_back(notification_ids, tenant_id=tenant_id, actor=actor, at=at))
    return dict(taken)


def register_reasons(tell: TellWhy) -> None:
    """Let `tell` say why a notification became what it became; called once at start."""
    if tell not in _reasons:
        _reasons.append(tell)


def reasons_of(notification_id: UUID) -> list[Why]:
    """Why a notification became what it became; of very many recipients the first ones."""
    return [why for tell in _reasons for why in tell(notification_id)]
