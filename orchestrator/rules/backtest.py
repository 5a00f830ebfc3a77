"""Decide recorded traffic anew under a change, and say what would have been different: pure.

Only decisions are compared. Whether somebody would have opened the other message nobody knows, so what is sent is told
as a range: `first` messages go out whatever happens, `later` ones only where those before them are not enough.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from msgspec import structs

from orchestrator.rules.planning import Decision, decide
from orchestrator.rules.situation import StrategyFacts
from orchestrator.values import PlannedDelivery
from preferences.rules.levels import DEFAULT, level_in, wishes_among

MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be tried: a strategy in place of the one of its key, and the tenant's default preferences.

    `everywhere`: the strategy decides whatever was asked for. `None` leaves a part as it was.
    """

    strategy: StrategyFacts | None = None
    everywhere: bool = False
    defaults: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Side:
    """What decisions come to: messages by channel, reasons by code, and how long `first` messages wait, summed."""

    reached: int = 0  # recipients who get anything
    first: Counter[str] = field(default_factory=Counter)
    later: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    waiting: int = 0  # `first` messages that do not go out at once
    waiting_seconds: float = 0.0

    def count(self, decision: Decision) -> None:
        going = [delivery for delivery in decision.deliveries if delivery.state == "pending"]
        self.reached += bool(going)
        for delivery in going:
            (self.later if delivery.step else self.first)[delivery.channel] += 1
            if delivery.step == 0 and delivery.due_at is not None:
                self.waiting += 1
                self.waiting_seconds += max((delivery.due_at - decision.case.at).total_seconds(), 0)
        self.skipped.update(delivery.reason for delivery in decision.deliveries if delivery.state == "skipped")


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would have got something else. Channels in the order in which they are tried."""

    notification_id: UUID
    recipient_id: UUID
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(slots=True)
class Comparison:
    """All decisions that were looked at. `gained` and `lost` are messages by channel, one per recipient and channel."""

    decisions: int = 0
    concerned: int = 0
    changed: int = 0
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    examples: list[Difference] = field(default_factory=list)

    def add(self, decision: Decision, change: Change) -> None:
        """Take one decision again as it was and under the change, and count both."""
        self.decisions += 1
        changed = under(change, decision)
        if changed is None:
            return
        self.concerned += 1
        self.before.count(decision)
        self.after.count(changed)
        before, after = _channels(decision.deliveries), _channels(changed.deliveries)
        self.gained.update(set(after) - set(before))
        self.lost.update(set(before) - set(after))
        if _sent(decision.deliveries) != _sent(changed.deliveries):
            self.changed += 1
            if len(self.examples) < MOST_EXAMPLES:
                ids = decision.case.notification.id, decision.situation.recipient_id
                self.examples.append(Difference(*ids, before, after))


def under(change: Change, decision: Decision) -> Decision | None:
    """The decision as the change would have it; `None`: it is about something else."""
    case, situation = decision.case, decision.situation
    strategy = change.strategy
    if strategy is not None and (change.everywhere or case.strategy.key == strategy.key):
        case = replace(case, strategy=strategy)
    elif change.defaults is None:
        return None
    if change.defaults is not None:
        others = [level for level in situation.wishes.levels if level.name != DEFAULT]
        situation = structs.replace(situation, wishes=wishes_among([*others, level_in(change.defaults, DEFAULT)]))
    return decide(case, situation)


def _channels(deliveries: tuple[PlannedDelivery, ...]) -> tuple[str, ...]:
    going = sorted((d for d in deliveries if d.state == "pending"), key=lambda delivery: delivery.step)
    return tuple(dict.fromkeys(delivery.channel for delivery in going))


def _sent(deliveries: tuple[PlannedDelivery, ...]) -> list[tuple[object, ...]]:
    return [(d.channel, d.step, d.due_at, d.endpoint_id) for d in deliveries if d.state == "pending"]
