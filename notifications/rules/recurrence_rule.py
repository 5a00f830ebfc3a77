"""Read an RFC 5545 RRULE: the parts that a notification can come back by, each within bounds.

Not here: FREQ=SECONDLY and MINUTELY (too often for people), BYWEEKNO, BYYEARDAY and several minutes of one hour.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# How far apart two occurrences may be asked to lie, by frequency.
MOST_INTERVAL: Mapping[str, int] = {"HOURLY": 1000, "DAILY": 1000, "WEEKLY": 260, "MONTHLY": 120, "YEARLY": 10}
MOST_TIMES = 10_000
EXAMPLE = "for example FREQ=WEEKLY;BYDAY=MO"

_ALSO_HOURLY = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "WKST"))
_WEEKDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)


class BadRecurrence(ValueError):
    """The rule cannot be read, comes too often, or never."""


@dataclass(frozen=True, slots=True)
class Weekday:
    """`nth` Monday to Sunday (0-6) of its month or year, from the end when negative; 0 = every one."""

    nth: int
    day: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule taken apart. Empty tuples and `None` = the rule does not say it."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None  # wall clock, or UTC when `until_utc`; included
    until_utc: bool = False
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()  # from the end when negative
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[int, ...] = ()
    minute: int | None = None
    second: int | None = None
    positions: tuple[int, ...] = ()  # BYSETPOS
    week_start: int = 0


def parts_of(text: str) -> dict[str, str]:
    """The parts of one RRULE, each checked. Raises `BadRecurrence`, whose message says what would do."""
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, _, value = part.partition("=")
        if name.startswith("DTSTART"):
            raise BadRecurrence("give one RRULE without DTSTART; the first time is scheduled_at")
        if name in parts or name not in _CHECKS or not _CHECKS[name](value):
            raise BadRecurrence(f"'{part[:60]}' cannot stand in a rule here; {EXAMPLE}")
        parts[name] = value
    _check_together(parts)
    return parts


def read(parts: Mapping[str, str]) -> Rule:
    """The rule that checked `parts` say."""
    until, until_utc = _until(parts["UNTIL"]) if "UNTIL" in parts else (None, False)
    return Rule(
        frequency=parts["FREQ"],
        interval=int(parts.get("INTERVAL", "1")),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=until,
        until_utc=until_utc,
        months=_integers(parts.get("BYMONTH", "")),
        month_days=_integers(parts.get("BYMONTHDAY", "")),
        weekdays=tuple(_weekday(day) for day in parts.get("BYDAY", "").split(",") if day),
        hours=_integers(parts.get("BYHOUR", "")),
        minute=int(parts["BYMINUTE"]) if "BYMINUTE" in parts else None,
        second=int(parts["BYSECOND"]) if "BYSECOND" in parts else None,
        positions=_integers(parts.get("BYSETPOS", "")),
        week_start=DAYS.index(parts.get("WKST", "MO")),
    )


def _check_together(parts: Mapping[str, str]) -> None:
    frequency = parts.get("FREQ", "")
    if frequency not in MOST_INTERVAL:
        found = f"FREQ={frequency} comes too often" if frequency else "FREQ is missing"
        raise BadRecurrence(f"{found}; one of {', '.join(MOST_INTERVAL)} would do")
    most = MOST_INTERVAL[frequency]
    if int(parts.get("INTERVAL", "1")) > most:
        raise BadRecurrence(f"INTERVAL={parts['INTERVAL']} is too far apart; at most {most} would do with {frequency}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRecurrence("COUNT and UNTIL exclude each other; give one of them")
    if frequency == "HOURLY" and (others := sorted(parts.keys() - _ALSO_HOURLY)):
        raise BadRecurrence(f"{', '.join(others)} cannot go with FREQ=HOURLY; FREQ=DAILY with BYHOUR would do")
    if frequency == "WEEKLY" and "BYMONTHDAY" in parts:
        raise BadRecurrence("BYMONTHDAY cannot go with FREQ=WEEKLY; FREQ=MONTHLY would do")
    if re.search(r"\d", parts.get("BYDAY", "")) and frequency not in ("MONTHLY", "YEARLY"):
        raise BadRecurrence("numbered days (1MO) need FREQ=MONTHLY or YEARLY")


def _weekday(text: str) -> Weekday:
    match = _WEEKDAY.fullmatch(text)
    assert match is not None, "checked with its part"
    return Weekday(int(match[1] or 0), DAYS.index(match[2]))


def _until(text: str) -> tuple[datetime, bool]:
    match = _UNTIL.fullmatch(text)
    assert match is not None, "checked with its part"
    day, time, utc = match.groups()
    return datetime.strptime(day + (time or "235959"), "%Y%m%d%H%M%S"), bool(utc)  # noqa: DTZ007 - a wall clock


def _integers(text: str) -> tuple[int, ...]:
    return tuple(int(value) for value in text.split(",") if value)


def _numbers(low: int, high: int, *, signed: bool = False, most: int = 31) -> Callable[[str], bool]:
    shape = re.compile(r"[+-]?\d{1,5}" if signed else r"\d{1,5}", re.ASCII)

    def check(text: str) -> bool:
        values = text.split(",")
        return len(values) <= most and all(shape.fullmatch(v) and low <= abs(int(v)) <= high for v in values)

    return check


def _is_until(text: str) -> bool:
    if not _UNTIL.fullmatch(text) or not "2000" <= text[:4] <= "9000":
        return False
    try:
        _until(text)
    except ValueError:
        return False
    return True


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "FREQ": str.isalpha,
    "INTERVAL": _numbers(1, 99_999, most=1),
    "COUNT": _numbers(1, MOST_TIMES, most=1),
    "UNTIL": _is_until,
    "BYMONTH": _numbers(1, 12, most=12),
    "BYMONTHDAY": _numbers(1, 31, signed=True),
    "BYDAY": lambda text: len(text) < 200 and all(_WEEKDAY.fullmatch(day) for day in text.split(",")),
    "BYHOUR": _numbers(0, 23, most=24),
    "BYMINUTE": _numbers(0, 59, most=1),
    "BYSECOND": _numbers(0, 59, most=1),
    "BYSETPOS": _numbers(1, 366, signed=True),
    "WKST": DAYS.__contains__,
}
