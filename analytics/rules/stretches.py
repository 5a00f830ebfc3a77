"""Which rows make up a span of time: coarse ones where they fit, finer ones only at the edges. Pure.

An edge is reached from the nearest boundary of the coarser grain and not always from inside the span: what lies between
is added, or taken away from the row that contains it. So half a coarse row at most is made of finer ones, and a day of
a zone that is two hours off is a day of UTC and twice two hours instead of twenty-four.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analytics.rules.rollups import GRAINS

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A time to be counted, from `since` up to but not including `until`; both whole quarters of an hour."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of `minutes` each, from `since` on and before `until`, that count for the span `name`, or against it."""

    name: str
    minutes: int
    since: datetime
    until: datetime
    sign: int = 1


def pieces_of(span: Span) -> tuple[Piece, ...]:
    """The rows that add up to what was counted within the span, as few as can be had without search."""
    coarse_first = tuple(sorted(GRAINS, reverse=True))
    return tuple(_pieces(span.name, _number(span.since), _number(span.until), 1, coarse_first))


def days_of(since: datetime, until: datetime, *, zone: ZoneInfo) -> tuple[Span, ...]:
    """The days of a zone that lie within, the first and the last as far as they do, by their date."""
    spans, day = [], since.astimezone(zone).date()
    while (begin := _midnight(day, zone)) < until:
        end = _midnight(day + timedelta(days=1), zone)
        if end > since:
            spans.append(Span(day.isoformat(), max(begin, since), min(end, until)))
        day += timedelta(days=1)
    return tuple(spans)


def floor(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """The beginning of the hour of the zone's clock, in UTC."""
    minutes = _number(moment.astimezone(UTC))
    return _moment(minutes - (minutes + _offset(moment, zone)) % 60)


def ceiling(moment: datetime, *, zone: ZoneInfo) -> datetime:
    """The end of the hour of the zone's clock, in UTC; the moment itself where an hour begins."""
    begin = floor(moment, zone=zone)
    return begin if begin == moment else begin + timedelta(hours=1)


def _pieces(name: str, since: int, until: int, sign: int, grains: Sequence[int]) -> Iterator[Piece]:
    grain, *finer = grains
    if not finer:
        if since < until:
            yield Piece(name, grain, _moment(since), _moment(until), sign)
        return
    first, last = _nearest(since, grain), _nearest(until, grain)
    if first >= last:
        yield from _pieces(name, since, until, sign, finer)
        return
    yield Piece(name, grain, _moment(first), _moment(last), sign)
    for begin, end in ((since, first), (last, until)):
        if begin < end:
            yield from _pieces(name, begin, end, sign, finer)
        elif begin > end:
            yield from _pieces(name, end, begin, -sign, finer)


def _nearest(minutes: int, grain: int) -> int:
    return (minutes + grain // 2) // grain * grain


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins. Where the clock jumps over midnight, that is the moment of the jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return offset // _MINUTE


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MINUTE


def _moment(minutes: int) -> datetime:
    return _EPOCH + minutes * _MINUTE
