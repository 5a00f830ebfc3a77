"""Where the next try of a delivery goes, from the tries it has behind it: pure.

One account gets `calls_each` calls, then the next one that was not tried yet. An account that refused everybody (bad
credentials) gets no further call. A lost answer that may not be repeated binds the delivery to the account that
recognises its key, as long as that account remembers it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Tried:
    """One call of the delivery within its present budget."""

    account: str
    outcome: str  # retry, refused, unknown; "" = nobody knows yet
    at: datetime  # when it began


class Route(Struct, frozen=True):
    """`accounts`: those that may take the next call, best first; none = there is no way left that is safe.

    `budget` is the number of calls in all, `budget_here` the same for each account if the delivery never left it.
    """

    accounts: tuple[str, ...]
    budget: int
    budget_here: Mapping[str, int]


def route(
    order: Sequence[str], tried: Sequence[Tried], *, tries: int, calls_each: int, avoided: Collection[str] = ()
) -> Route:
    """The way on. `order` is the choice among all accounts; `tried` the latest calls, oldest first; `tries` how many
    there were in all. Through the `avoided` nothing gets for now: they come last.
    """
    left = _calls_left(order, tried, calls_each=calls_each)
    open_ways = [account for account in order if left[account] > 0]
    if not open_ways:  # accounts have come and gone meanwhile, or the channel is patient
        return Route(tuple(order), tries, dict.fromkeys(order, tries))
    begun = {call.account for call in tried}
    latest = tried[-1].account if tried else ""
    accounts = sorted(open_ways, key=lambda account: (account in avoided, account != latest, account in begun))
    return Route(tuple(accounts), tries + sum(left.values()), {account: tries + left[account] for account in order})


def bound_to(
    order: Sequence[str], tried: Sequence[Tried], *, windows: Mapping[str, timedelta | None], at: datetime
) -> tuple[str, ...]:
    """For a delivery whose answer was lost and must not reach anybody twice: the accounts that are still safe.

    `windows`: how long each account that recognises our key remembers it, `None` = for ever. Without a lost answer all
    are safe.
    """
    lost = [call for call in tried if call.outcome in ("unknown", "")]
    if not lost:
        return tuple(order)
    first = lost[0]
    if any(call.account != first.account for call in lost) or first.account not in windows:
        return ()
    window = windows[first.account]
    if window is not None and at - first.at >= window:
        return ()
    return tuple(account for account in order if account == first.account)


def _calls_left(order: Sequence[str], tried: Sequence[Tried], *, calls_each: int) -> dict[str, int]:
    if not tried:  # mostly, and a counter costs more than all the rest
        return dict.fromkeys(order, calls_each)
    made = Counter(call.account for call in tried)
    refused = {call.account for call in tried if call.outcome == "refused"}
    return {account: 0 if account in refused else max(calls_each - made[account], 0) for account in order}
