"""Times of day on somebody's own clock, and how long it is until a part of the day begins: pure."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def is_time_of_day(value: Any) -> bool:
    """Whether it reads like "08:00"; "24:00" is the end of the day."""
    return isinstance(value, str) and bool(_TIME_OF_DAY.fullmatch(value))


def is_open(between: tuple[str, str], local: datetime) -> bool:
    """Whether a local moment lies in a part of the day, its end not included; of 22:00 and 06:00, over midnight."""
    first, last = between
    now = f"{local:%H:%M}"
    return first <= now < last if first <= last else now >= first or now < last


def seconds_until_open(between: tuple[str, str] | None, *, at: datetime, after_seconds: int, timezone: str) -> int:
    """How long after the moment `at` + `after_seconds` the part of the day begins; 0 when it is then, or for `None`.

    A beginning that a change to summer time skips is read an hour later, one that comes twice the first time.
    """
    if between is None:
        return 0
    moment = at + timedelta(seconds=after_seconds)
    local = moment.astimezone(ZoneInfo(timezone))
    if is_open(between, local):
        return 0
    hour, minute = (int(part) for part in between[0].split(":"))
    for days in range(3):
        date = local.date() + timedelta(days=days + (hour == 24))
        opens = datetime.combine(date, time(hour % 24, minute), tzinfo=local.tzinfo).astimezone(UTC)
        if opens > moment:
            return -int(-(opens - moment).total_seconds() // 1)
    raise AssertionError(f"no {between[0]} within three days")


def minutes_of(text: str) -> int:
    """The minute of the day that "08:30" is; of "24:00" the one after the last."""
    hour, minute = text.split(":")
    return 60 * int(hour) + int(minute)
