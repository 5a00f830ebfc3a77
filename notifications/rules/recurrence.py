"""When a recurring notification comes again: RFC 5545 rules read on the wall clock of a zone.

A wall-clock time that a change to summer time skips is moved forward by the gap; one that happens twice counts once.
Nothing is looked for longer than `LOOK_AHEAD`, so that no rule, however odd, keeps anybody busy.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from notifications.rules.recurrence_rule import BadRecurrence, Rule, Weekday, parts_of, read

LOOK_AHEAD = timedelta(days=41 * 366)  # a 29th of February that is a Monday comes within 40 years
LOOK_AHEAD_HOURLY = timedelta(days=366)
_DAY = timedelta(days=1)
_START = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall clock


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The next time, and the rule that goes on from there (its COUNT has become smaller)."""

    at: datetime
    rule: str


@lru_cache(maxsize=1024)
def check_recurrence(rule: str) -> None:
    """Raise `BadRecurrence` for what is not one RRULE, comes more often than hourly, or never."""
    parts = {name: value for name, value in parts_of(rule).items() if name != "UNTIL"}
    if next(_wall_times(read(parts), start=_START, after=_START - _DAY), None) is None:
        raise BadRecurrence(f"'{rule}' never comes; for example FREQ=WEEKLY;BYDAY=MO would")


def next_occurrence(rule: str, *, first: datetime, after: datetime, zone: str) -> datetime | None:
    """The first occurrence later than `after` of a series that began at `first` (both aware), or `None` at its end."""
    found = following(rule, first=first, after=after, zone=zone)
    return found.at if found else None


def following(rule: str, *, first: datetime, after: datetime, zone: str) -> Occurrence | None:
    """As `next_occurrence`, and with the rule of a series that begins there: it knows how often it may still come, and
    the time of day that the first began with, which a change to summer time may have moved this once.

    `first` is the first occurrence whatever the rule says, and counts.
    """
    parts = parts_of(rule)
    found = read(parts)
    if first > after:
        return Occurrence(first, rule)
    local_zone = ZoneInfo(zone)
    start = first.astimezone(local_zone).replace(tzinfo=None)
    until = _local_until(found, local_zone)
    come = 1
    # With a COUNT all are counted from the first on; else only those are looked at that may be the one.
    since = start if found.count else max(after.astimezone(local_zone).replace(tzinfo=None) - _DAY, start)
    for local in _wall_times(found, start=start, after=since):
        if (found.count and come >= found.count) or (until and local > until):
            return None
        moment = local.replace(tzinfo=local_zone).astimezone(UTC)
        if moment > after:
            return Occurrence(moment, _rest(parts, found, start=start, come=come))
        come += 1
    return None


def _rest(parts: Mapping[str, str], rule: Rule, *, start: datetime, come: int) -> str:
    rest = dict(parts)
    if rule.count:
        rest["COUNT"] = str(rule.count - come)
    if rule.frequency != "HOURLY":
        rest = {"BYHOUR": str(start.hour), "BYMINUTE": str(start.minute), "BYSECOND": str(start.second), **rest}
    return ";".join(f"{name}={rest[name]}" for name in (*parts, *sorted(rest.keys() - parts.keys())))


def _local_until(rule: Rule, zone: ZoneInfo) -> datetime | None:
    if rule.until is None or not rule.until_utc:
        return rule.until
    return rule.until.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def _wall_times(rule: Rule, *, start: datetime, after: datetime) -> Iterator[datetime]:
    """Wall-clock times of the series from `start` on that are later than `after`, in order."""
    start = start.replace(microsecond=0)
    times = _hourly if rule.frequency == "HOURLY" else _dated
    for local in times(rule, start=start, after=max(after, start - _DAY)):
        if local >= start and local > after:
            yield local


def _hourly(rule: Rule, *, start: datetime, after: datetime) -> Iterator[datetime]:
    step = timedelta(hours=rule.interval)
    minute = start.minute if rule.minute is None else rule.minute
    second = start.second if rule.second is None else rule.second
    local = start + max((after - start) // step, 0) * step
    horizon = local + max(LOOK_AHEAD_HOURLY, 200 * step)
    while local < horizon:
        if (not rule.hours or local.hour in rule.hours) and _is_weekday(local.date(), rule.weekdays, yearly=False):
            yield local.replace(minute=minute, second=second)
        local += step


def _dated(rule: Rule, *, start: datetime, after: datetime) -> Iterator[datetime]:
    rule = _completed(rule, start.date())
    minute = start.minute if rule.minute is None else rule.minute
    second = start.second if rule.second is None else rule.second
    times = [time(hour, minute, second) for hour in sorted(set(rule.hours or (start.hour,)))]
    horizon = max(after, start) + LOOK_AHEAD
    for period in _periods(rule, start=start.date(), after=after.date()):
        if period[0] > horizon.date():
            return
        days = [day for day in period if _is_day(day, rule)]
        moments = [datetime.combine(day, moment) for day in days for moment in times]
        yield from _chosen(moments, rule.positions)


def _completed(rule: Rule, start: date) -> Rule:
    """What a rule does not say about days it takes from its first one."""
    said = bool(rule.month_days or rule.weekdays)
    match rule.frequency:
        case "YEARLY" if not said:
            months = rule.months or (start.month,)
            return _with(rule, months=months, month_days=(start.day,))
        case "MONTHLY" if not said:
            return _with(rule, month_days=(start.day,))
        case "WEEKLY" if not rule.weekdays:
            return _with(rule, weekdays=(Weekday(0, start.weekday()),))
    return rule


def _with(rule: Rule, **changes: tuple[int, ...] | tuple[Weekday, ...]) -> Rule:
    return Rule(**{name: changes.get(name, getattr(rule, name)) for name in Rule.__slots__})


def _periods(rule: Rule, *, start: date, after: date) -> Iterator[list[date]]:
    """The days of one period after the other, `interval` apart, beginning with that of `start` or near `after`."""
    match rule.frequency:
        case "DAILY":
            number = max((after - start).days // rule.interval, 0) * rule.interval
            while (ahead := number) < 3_000_000 and start.toordinal() + ahead < date.max.toordinal():
                yield [start + timedelta(days=ahead)]
                number += rule.interval
        case "WEEKLY":
            monday = start - timedelta(days=(start.weekday() - rule.week_start) % 7)
            number = max((after - monday).days // 7 // rule.interval, 0) * rule.interval
            while monday.toordinal() + number * 7 + 6 < date.max.toordinal():
                yield [monday + timedelta(days=number * 7 + day) for day in range(7)]
                number += rule.interval
        case "MONTHLY":
            first = start.year * 12 + start.month - 1
            number = first + max((after.year * 12 + after.month - 1 - first) // rule.interval, 0) * rule.interval
            while number < date.max.year * 12:
                yield _month(number // 12, number % 12 + 1)
                number += rule.interval
        case "YEARLY":
            number = start.year + max((after.year - start.year) // rule.interval, 0) * rule.interval
            while number < date.max.year:
                yield [day for month in sorted(set(rule.months)) or range(1, 13) for day in _month(number, month)]
                number += rule.interval


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def _is_day(day: date, rule: Rule) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days:
        from_end = day.day - monthrange(day.year, day.month)[1] - 1
        if day.day not in rule.month_days and from_end not in rule.month_days:
            return False
    return _is_weekday(day, rule.weekdays, yearly=rule.frequency == "YEARLY" and not rule.months)


def _is_weekday(day: date, weekdays: tuple[Weekday, ...], *, yearly: bool) -> bool:
    """Numbered days count within the year when `yearly`, else within the month."""
    if not weekdays:
        return True
    if yearly:
        place = day.timetuple().tm_yday
        length = date(day.year, 12, 31).timetuple().tm_yday
    else:
        place, length = day.day, monthrange(day.year, day.month)[1]
    numbers = (0, (place - 1) // 7 + 1, -((length - place) // 7 + 1))
    return any(found.day == day.weekday() and found.nth in numbers for found in weekdays)


def _chosen(moments: list[datetime], positions: tuple[int, ...]) -> list[datetime]:
    """Those at `positions` of a period's moments (from the end when negative); all without positions."""
    if not positions:
        return moments
    size = len(moments)
    places = {position - 1 if position > 0 else size + position for position in positions}
    return [moments[place] for place in sorted(places) if 0 <= place < size]
