"""What a backtest answers, for the API and for the command."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

import msgspec

from audience.selectors import external_ids
from orchestrator.rules.backtest import Side
from orchestrator.services.backtesting import Backtest


class CostShown(msgspec.Struct, kw_only=True):
    """In millionths of the tenant's currency, by what messages of a channel have cost lately: of the messages that go
    out whatever happens, and of all of them."""

    least: int
    most: int


class SideShown(msgspec.Struct, kw_only=True):
    """What decisions come to. `first` messages go out whatever happens, `later` ones where those are not enough."""

    recipients_reached: int
    first: dict[str, int]
    later: dict[str, int]
    skipped: dict[str, int]
    waiting: int
    mean_wait_seconds: float
    cost_micros: CostShown


class DifferenceShown(msgspec.Struct, kw_only=True):
    """Somebody who would have got something else; `recipient` is null once they were erased."""

    notification: UUID
    recipient: str | None
    before: list[str]
    after: list[str]


class BacktestShown(msgspec.Struct, kw_only=True):
    """What would have been different. `complete` is false when there was more traffic than was looked at; the newest
    comes first. `gained` and `lost` are messages by channel; `examples` are the first few with a difference."""

    decisions: int
    concerned: int
    changed: int
    complete: bool
    before: SideShown
    after: SideShown
    gained: dict[str, int]
    lost: dict[str, int]
    examples: list[DifferenceShown]


def backtest_shown(found: Backtest) -> BacktestShown:
    """In a scope: the recipients of the examples are named."""
    compared = found.compared
    names = external_ids({example.recipient_id for example in compared.examples})
    return BacktestShown(
        decisions=compared.decisions,
        concerned=compared.concerned,
        changed=compared.changed,
        complete=found.complete,
        before=_side(compared.before, found.cost_of),
        after=_side(compared.after, found.cost_of),
        gained=dict(compared.gained),
        lost=dict(compared.lost),
        examples=[
            DifferenceShown(
                notification=example.notification_id,
                recipient=names.get(example.recipient_id),
                before=list(example.before),
                after=list(example.after),
            )
            for example in compared.examples
        ],
    )


def _side(side: Side, cost_of: Mapping[str, float]) -> SideShown:
    least = _cost(side.first, cost_of)
    return SideShown(
        recipients_reached=side.reached,
        first=dict(side.first),
        later=dict(side.later),
        skipped=dict(side.skipped),
        waiting=side.waiting,
        mean_wait_seconds=round(side.waiting_seconds / side.waiting, 1) if side.waiting else 0.0,
        cost_micros=CostShown(least=least, most=least + _cost(side.later, cost_of)),
    )


def _cost(messages: Counter[str], cost_of: Mapping[str, float]) -> int:
    return round(sum(number * cost_of.get(channel, 0.0) for channel, number in messages.items()))
