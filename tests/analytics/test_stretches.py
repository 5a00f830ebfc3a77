"""Spans are made of few rows, days are those of their zone, hours those of its clock."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from analytics.rules.latency import BOUNDS, quantile_ms
from analytics.rules.rollups import GRAINS
from analytics.rules.stretches import Span, ceiling, days_of, floor, pieces_of

AN_HOUR = timedelta(hours=1)


def rows(since: datetime, until: datetime) -> int:
    """How many rows of one kind of message are read for it."""
    return sum(
        (piece.until - piece.since) // timedelta(minutes=piece.minutes) for piece in pieces_of(Span("", since, until))
    )


@pytest.mark.parametrize("days", [30, 90, 365, 800])
def test_a_span_is_made_of_few_rows_whatever_its_edges(days: int) -> None:
    for hour in range(0, 8 * 24, 5):
        until = datetime(2026, 11, 20, tzinfo=UTC) + hour * AN_HOUR + timedelta(minutes=15)
        assert rows(until - timedelta(days=days), until) <= days / 8 + 27


def test_each_grain_is_a_multiple_of_the_one_before() -> None:
    assert [coarse % fine for fine, coarse in pairwise(GRAINS)] == [0] * (len(GRAINS) - 1)


DAYS = [
    pytest.param("Europe/Paris", "2026-03-29", 23, id="the clock goes forward"),
    pytest.param("Europe/Paris", "2026-10-25", 25, id="the clock goes back"),
    pytest.param("Australia/Lord_Howe", "2026-10-04", 23.5, id="by half an hour"),
    pytest.param("America/Havana", "2026-03-08", 23, id="at midnight, forward"),
    pytest.param("America/Havana", "2026-11-01", 25, id="at midnight, back"),
    pytest.param("Asia/Kolkata", "2026-03-29", 24, id="never"),
]


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_a_day_is_as_long_as_its_zone_says(zone: str, day: str, hours: float) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    spans = {one.name: one for one in days_of(noon - 48 * AN_HOUR, noon + 48 * AN_HOUR, zone=ZoneInfo(zone))}

    assert spans[day].until - spans[day].since == timedelta(hours=hours)


def test_days_follow_each_other_without_a_gap_and_end_with_the_span() -> None:
    since, until = datetime(2026, 10, 20, 7, tzinfo=UTC), datetime(2026, 11, 3, 5, tzinfo=UTC)

    spans = days_of(since, until, zone=ZoneInfo("America/New_York"))

    assert [one.since for one in spans] == [since, *(one.until for one in spans[:-1])]
    assert (spans[-1].until, len(spans)) == (until, 14)


@pytest.mark.parametrize(
    ("zone", "begins"), [("UTC", 0), ("Asia/Kolkata", 30), ("Asia/Kathmandu", 15), ("America/St_Johns", 30)]
)
def test_hours_are_those_of_the_clock(zone: str, begins: int) -> None:
    clock, begin = ZoneInfo(zone), datetime(2026, 11, 20, 12, begins, tzinfo=UTC)

    assert (floor(begin, zone=clock), ceiling(begin, zone=clock)) == (begin, begin)
    assert floor(begin + timedelta(minutes=59), zone=clock) == begin
    assert ceiling(begin + timedelta(seconds=1), zone=clock) == begin + AN_HOUR


QUANTILES = [
    pytest.param({}, None, id="nothing"),
    pytest.param({0: 10}, 0.5, id="less than a millisecond"),
    pytest.param({20: 1, 30: 1}, BOUNDS[20], id="at the end of the first of two"),
    pytest.param({len(BOUNDS): 4}, BOUNDS[-1], id="longer than the histogram knows"),
]


@pytest.mark.parametrize(("counts", "median"), QUANTILES)
def test_the_median_lies_in_its_bucket(counts: dict[int, int], median: float | None) -> None:
    assert quantile_ms(counts, 0.5) == (None if median is None else pytest.approx(median))


@pytest.mark.parametrize("took", [1, 7, 90, 1234, 60_000, 86_400_000])
def test_a_quantile_is_never_further_off_than_its_bucket_is_wide(took: int) -> None:
    told = quantile_ms({bisect_right(BOUNDS, took): 100}, 0.95)

    assert told is not None
    assert 1 / 1.5 <= told / took <= 2.0 if took < 8 else 1 / 1.43 <= told / took <= 1.43
