"""When messages may go out: find the next moment inside of sending windows, on one clock. Pure.

Windows are those of `quiet_hours.py`, read the other way round: inside of them one may send. `days` are those on which
a window begins. A window opens at the second and closes at the first of two readings of a time of day when clocks go
back, and a time that they leave out moves inwards: better too little than too early or too late.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from preferences.rules.quiet_hours import Window

LONGEST = timedelta(days=31)  # nobody looks further ahead
ALL_DAY = Window(time(0), time(0))
_DAY = timedelta(days=1)


def sending_window(
    at: datetime, windows: Iterable[Window], *, zone: str, closed: Collection[date] = ()
) -> datetime | None:
    """The first moment from `at` on, in UTC, that lies in a window; `at` itself when it does or there are no windows.

    No window begins on a `closed` day of this clock. `None`: none opens within 31 days.
    """
    windows = tuple(windows) or ((ALL_DAY,) if closed else ())
    if not windows:
        return at.astimezone(UTC)
    here, moment = ZoneInfo(zone), at.astimezone(UTC)
    today = moment.astimezone(here).date()
    for days in range(-1, LONGEST.days + 1):
        day = today + days * _DAY
        opening = min((o for o in _openings(day, windows, here, closed) if o[1] > moment), default=None)
        # The day before counts only for a window that is still open; of two that overlap the earlier one opens first.
        if opening is not None:
            return max(opening[0], moment)
    return None


def _openings(
    day: date, windows: Iterable[Window], here: ZoneInfo, closed: Collection[date]
) -> Iterable[tuple[datetime, datetime]]:
    """Beginning and end, in UTC, of the windows that begin on a day."""
    if day in closed:
        return
    for window in windows:
        if day.weekday() not in window.days:
            continue
        last_day = day if window.begins < window.ends else day + _DAY
        begins = max(_readings(day, window.begins, here))
        ends = min(_readings(last_day, window.ends, here))
        if begins < ends:
            yield begins, ends


def _readings(day: date, at: time, here: ZoneInfo) -> tuple[datetime, datetime]:
    local = datetime.combine(day, at, here)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
