"""When something comes again: our calendar against dateutil's, and the clock changes of two zones."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from notifications.rules.recurrence import _wall_times, check_recurrence, following, next_occurrence
from notifications.rules.recurrence_rule import DAYS, BadRecurrence, parts_of, read

WALL_CLOCK = datetime(2026, 1, 1)  # noqa: DTZ001 - of whoever looks at it
PARIS, LORD_HOWE = "Europe/Paris", "Australia/Lord_Howe"  # Lord Howe moves its clocks by half an hour


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def series(rule: str, *, first: datetime, zone: str, most: int = 20) -> list[datetime]:
    """Occurrences after the first, each found from the one before it, as planning does."""
    found = []
    at = first
    while len(found) < most and (occurrence := following(rule, first=at, after=at, zone=zone)):
        rule, at = occurrence.rule, occurrence.at
        found.append(at)
    return found


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=MO",
        "RRULE:FREQ=DAILY",
        "freq=daily;interval=2",
        "FREQ=HOURLY;INTERVAL=6",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;COUNT=10",
        "FREQ=DAILY;UNTIL=20271231T235959Z",
        "FREQ=DAILY;UNTIL=20201231",
        "FREQ=MONTHLY;BYDAY=-1FR;",
    ],
)
def test_rules_that_are_taken(rule: str) -> None:
    check_recurrence(rule)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        pytest.param("", "cannot stand", id="empty"),
        pytest.param("every monday", "cannot stand", id="prose"),
        pytest.param("INTERVAL=2", "FREQ is missing", id="no frequency"),
        pytest.param("FREQ=MINUTELY", "too often", id="every minute"),
        pytest.param("FREQ=DAILY;BYMINUTE=0,1,2", "cannot stand", id="every minute in disguise"),
        pytest.param("FREQ=DAILY;INTERVAL=0", "cannot stand", id="an interval that never moves on"),
        pytest.param("FREQ=YEARLY;INTERVAL=11", "too far apart", id="too far apart"),
        pytest.param("FREQ=DAILY;COUNT=1;UNTIL=20300101", "exclude", id="two ends"),
        pytest.param("FREQ=DAILY;FREQ=DAILY", "cannot stand", id="a part twice"),
        pytest.param("FREQ=DAILY;DTSTART=20260101", "scheduled_at", id="a start of its own"),
        pytest.param("FREQ=DAILY;\nRRULE:FREQ=DAILY", "cannot stand", id="two rules"),
        pytest.param("FREQ=DAILY;BYHOUR=24", "cannot stand", id="no such hour"),
        pytest.param("FREQ=DAILY;BYHOUR=٣", "cannot stand", id="digits of another script"),
        pytest.param("FREQ=DAILY;UNTIL=20270230", "cannot stand", id="no such day"),
        pytest.param("FREQ=WEEKLY;BYDAY=1MO", "numbered days", id="first Monday of a week"),
        pytest.param("FREQ=HOURLY;BYMONTH=2", "FREQ=DAILY with BYHOUR", id="hours of a month"),
        pytest.param("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never comes", id="the 30th of February"),
        pytest.param("FREQ=YEARLY;BYMONTH=1;BYSETPOS=366", "never comes", id="the 366th day of January"),
        pytest.param("FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "never comes", id="an hour that is always stepped over"),
    ],
)
def test_rules_that_are_refused(rule: str, says: str) -> None:
    with pytest.raises(BadRecurrence, match=says):
        check_recurrence(rule)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    dated, by_month = frequency in ("MONTHLY", "YEARLY"), frequency != "HOURLY"
    some = st.lists
    parts = {
        "INTERVAL": st.integers(1, 5).map(str),
        "BYHOUR": some(st.integers(0, 23), min_size=1, max_size=3, unique=True).map(_joined),
        "BYMINUTE": st.integers(0, 59).map(str),
        "BYDAY": some(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True).map(_joined),
        "WKST": st.sampled_from(DAYS),
    }
    if by_month:
        parts["BYMONTH"] = some(st.integers(1, 12), min_size=1, max_size=3, unique=True).map(_joined)
    if frequency in ("DAILY", "MONTHLY", "YEARLY"):
        days = st.integers(1, 28) | st.integers(-28, -1)
        parts["BYMONTHDAY"] = some(days, min_size=1, max_size=3, unique=True).map(_joined)
    if dated:
        numbered = st.tuples(st.sampled_from([-2, -1, 1, 2, 3]), st.sampled_from(DAYS)).map(lambda d: f"{d[0]}{d[1]}")
        parts["BYDAY"] = parts["BYDAY"] | some(numbered, min_size=1, max_size=2, unique=True).map(_joined)
        parts["BYSETPOS"] = some(st.sampled_from([1, 2, 3, -1, -2]), min_size=1, max_size=2, unique=True).map(_joined)
    chosen = draw(st.lists(st.sampled_from(sorted(parts)), unique=True, max_size=4))
    return ";".join([f"FREQ={frequency}", *(f"{name}={draw(parts[name])}" for name in chosen)])


def _joined(values: list[object]) -> str:
    return ",".join(map(str, values))


@given(
    rule=rules(),
    start=st.integers(0, 500 * 1440).map(lambda minutes: WALL_CLOCK + timedelta(minutes=minutes)),
    later=st.timedeltas(timedelta(), timedelta(days=150)),
)
@settings(max_examples=400, deadline=None)
def test_our_calendar_is_dateutils(rule: str, start: datetime, later: timedelta) -> None:
    after, end = start + later, start + timedelta(days=500)
    ours = list(islice(takewhile(lambda t: t < end, _wall_times(read(parts_of(rule)), start=start, after=after)), 20))
    assume(ours)  # dateutil looks for what never comes until the year 9999

    theirs = list(islice(rrulestr(rule, dtstart=start).xafter(after), len(ours)))

    assert ours == theirs


def test_a_time_that_summer_skips_comes_later_that_day_and_is_itself_again_the_next() -> None:
    first = utc("2026-03-27T01:30")  # 02:30 in Paris; on the 29th there is none

    assert series("FREQ=DAILY", first=first, zone=PARIS, most=4) == [
        utc("2026-03-28T01:30"),
        utc("2026-03-29T01:30"),
        utc("2026-03-30T00:30"),
        utc("2026-03-31T00:30"),
    ]


def test_a_time_that_comes_twice_counts_once() -> None:
    first = utc("2026-10-24T00:30")  # 02:30 in Paris; on the 25th it is 02:30 twice

    assert series("FREQ=DAILY", first=first, zone=PARIS, most=2) == [utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]


def test_the_next_one_is_later_even_when_the_clock_was_put_back_meanwhile() -> None:
    first = utc("2026-10-24T00:30")
    late = utc("2026-10-25T01:10")  # 02:10 for the second time: the wall clock says that 02:30 is still to come

    assert next_occurrence("FREQ=DAILY", first=first, after=late, zone=PARIS) == utc("2026-10-26T01:30")


@pytest.mark.parametrize("zone", [PARIS, LORD_HOWE, "UTC", "America/St_Johns", "Pacific/Apia"])
def test_a_series_copied_from_one_to_the_next_is_the_series_itself(zone: str) -> None:
    first, rule = utc("2026-01-05T08:15"), "FREQ=WEEKLY;BYDAY=MO,TH;INTERVAL=2;COUNT=60"

    found = series(rule, first=first, zone=zone, most=100)

    assert len(found) in (59, 60)  # the first one, which counts, may be no Monday in that zone
    direct = [first]
    while (next_one := next_occurrence(rule, first=first, after=direct[-1], zone=zone)) is not None:
        direct.append(next_one)
    assert found == direct[1:]


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        pytest.param("FREQ=DAILY;COUNT=1", 0, id="once is the first one"),
        pytest.param("FREQ=DAILY;COUNT=5", 4, id="five"),
        pytest.param("FREQ=DAILY;UNTIL=20260104T101500Z", 2, id="until a moment, included"),
        pytest.param("FREQ=DAILY;UNTIL=20260104", 2, id="until the end of a day"),
        pytest.param("FREQ=DAILY;UNTIL=20251231", 0, id="over before it began"),
    ],
)
def test_how_often_it_comes_after_the_first(rule: str, times: int) -> None:
    assert len(series(rule, first=utc("2026-01-02T10:15"), zone="UTC")) == times


def test_what_was_missed_is_not_made_up_for_but_counts() -> None:
    first = utc("2026-01-01T10:00")

    found = following("FREQ=DAILY;COUNT=10", first=first, after=utc("2026-01-05T12:00"), zone="UTC")

    assert found is not None
    assert found.at == utc("2026-01-06T10:00")
    assert found.rule == "FREQ=DAILY;COUNT=5;BYHOUR=10;BYMINUTE=0;BYSECOND=0"


def test_before_the_first_the_first_is_next() -> None:
    first = utc("2026-01-01T10:00")

    assert next_occurrence("FREQ=DAILY", first=first, after=utc("2025-01-01T00:00"), zone=PARIS) == first
