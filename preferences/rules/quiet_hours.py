"""Decide whether somebody wants to be left alone at a moment, and until when: pure, on the person's own clock.

A window runs from a time of day to another one; when that is not later, it ends the next morning. `days` are those on
which a window begins. Several may overlap or follow each other; what is quiet without a break counts as one. The end
itself is not quiet any more. When clocks go forward, a time of day that is left out means the moment they go forward
to; when they go back, a window begins at the first of the two and ends at the second: better quiet for too long.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = timedelta(days=8)  # whoever is quiet all week is not looked at for longer
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of quiet. `days` are numbers, Monday is 0."""

    begins: time
    ends: time
    days: frozenset[int] = frozenset(range(7))


def windows_in(quiet_hours: Iterable[Mapping[str, Any]]) -> tuple[Window, ...]:
    """The windows that a stored document holds."""
    return tuple(
        Window(
            begins=time.fromisoformat(window["from"]),
            ends=time.fromisoformat(window["to"]),
            days=frozenset(DAYS.index(day) for day in window.get("days", DAYS)),
        )
        for window in quiet_hours
    )


def quiet_until(at: datetime, windows: Iterable[Window], *, zone: str) -> datetime | None:
    """When the quiet that `at` falls into is over, in UTC; `None`: it is not quiet then.

    `at` is aware, `zone` an IANA name. Where there is no end within eight days, that is the answer.
    """
    windows = tuple(windows)
    here = ZoneInfo(zone)
    moment = at.astimezone(UTC)
    while end := max((end for end in _ends_after(moment, windows, here)), default=None):
        moment = end
        if moment - at >= _LONGEST:
            break
    return None if moment == at else moment


def _ends_after(moment: datetime, windows: Iterable[Window], here: ZoneInfo) -> Iterator[datetime]:
    """The ends of the windows that `moment` lies in."""
    today = moment.astimezone(here).date()
    for window in windows:
        for day in (today - _DAY, today):
            if day.weekday() in window.days:
                begins, ends = _bounds(window, day, here)
                if begins <= moment < ends:
                    yield ends


def _bounds(window: Window, day: date, here: ZoneInfo) -> tuple[datetime, datetime]:
    """Beginning and end of the window of one day, in UTC."""
    last_day = day if window.begins < window.ends else day + _DAY
    begins = datetime.combine(day, window.begins, here)
    ends = datetime.combine(last_day, window.ends, here).replace(
        fold=1 if _comes_twice(last_day, window.ends, here) else 0
    )
    return begins.astimezone(UTC), ends.astimezone(UTC)


def _comes_twice(day: date, at: time, here: ZoneInfo) -> bool:
    """Clocks go back over this time of day. (When they go forward over it the second reading is the earlier one.)"""
    local = datetime.combine(day, at, here)
    return local.replace(fold=1).astimezone(UTC) > local.astimezone(UTC)
