"""Caps: how many messages a person gets at most, by what was sent and what is to be sent. Pure.

An hour, a day and a week are sliding: the last 3,600 seconds, not the hour on the clock. A message on several channels
is one message. Those that compete are ranked by priority, then by the value of their types, then by their age: whoever
ranks higher is counted before it is sent, whoever ranks lower is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from notifications.rules.policy import CapsPolicy
from orchestrator.rules.situation import Case, Situation, Use
from orchestrator.rules.timing import first_moment

FREQUENCY_CAP = "frequency_cap"
WEEK = timedelta(days=7)  # the longest that anything is counted for
_PERIODS = (("hour", timedelta(hours=1)), ("day", timedelta(days=1)), ("week", WEEK))
_STRICTEST = ("skip", "digest", "wait")
Over = Literal["wait", "digest", "skip"]


@dataclass(frozen=True, slots=True)
class OverCap:
    """There is no room. `over`: what the type wants then; `until`: when there will be; `cap`: the one that says so."""

    over: Over
    until: datetime
    cap: str  # "2 a day of its type"


def over_cap(caps: Sequence[CapsPolicy], mine: Use, *, uses: Iterable[Use]) -> OverCap | None:
    """Whether there is room at `mine.at` for one more message, in all of the caps; `None`: there is.

    Of several that are exceeded the strictest wish counts, and the latest moment.
    """
    others = [use for use in uses if use.notification_id != mine.notification_id]
    found = [over for cap in caps for over in _exceeded(cap, mine, others)]
    if not found:
        return None
    strictest = min(found, key=lambda over: _STRICTEST.index(over.over))
    return OverCap(strictest.over, max(over.until for over in found), strictest.cap)


def capped(case: Case, situation: Situation) -> OverCap | None:
    """The same for a message that is being planned. Nothing critical is capped."""
    notification = case.notification
    if case.critical or not case.policy.caps:
        return None
    mine = Use(
        notification_id=notification.id,
        at=first_moment(case, situation),
        type=notification.type,
        category=notification.category,
        priority=notification.priority,
        value=case.policy.value,
    )
    return over_cap(case.policy.caps, mine, uses=situation.uses)


def room_at(case: Case, situation: Situation) -> datetime | None:
    """When a message that has to wait for room may go; `None`: it need not. What no digest took waits as well."""
    over = capped(case, situation)
    return over.until if over and over.over != "skip" else None


def rank(use: Use) -> tuple[int, float, int]:
    """The order in which competing messages are served."""
    return use.priority, -use.value, use.notification_id.int


def _exceeded(cap: CapsPolicy, mine: Use, others: Sequence[Use]) -> Iterable[OverCap]:
    counted = [use for use in others if _alike(cap, use, mine) and (use.sent or rank(use) < rank(mine))]
    for name, period in _PERIODS:
        most: int | None = getattr(cap, name)
        if most is None:
            continue
        times = sorted(use.at if use.sent else mine.at for use in counted if _within(use, mine, period))
        if len(times) >= most:
            leaves = times[len(times) - most] if most else mine.at
            yield OverCap(cap.over, leaves + period, f"{most} {_A[name]} {_OF[cap.counted]}")


_A = {"hour": "an hour", "day": "a day", "week": "a week"}
_OF = {"type": "of its type", "category": "of its category", "all": "of all kinds"}


def _within(use: Use, mine: Use, period: timedelta) -> bool:
    return not use.sent or mine.at - period < use.at


def _alike(cap: CapsPolicy, use: Use, mine: Use) -> bool:
    match cap.counted:
        case "type":
            return use.type == mine.type
        case "category":
            return use.category == mine.category
        case _:
            return True
