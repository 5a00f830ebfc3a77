"""Until when somebody wants to be left alone, on their own clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.rules.quiet_hours import DAYS, quiet_until, windows_in

NIGHT = {"from": "22:00", "to": "07:00"}
PARIS, KOLKATA, NEW_YORK = "Europe/Paris", "Asia/Kolkata", "America/New_York"


def until(at: str, *windows: dict[str, Any], zone: str = PARIS) -> str | None:
    found = quiet_until(datetime.fromisoformat(at), windows_in(windows), zone=zone)
    return found and f"{found:%Y-%m-%dT%H:%MZ}"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-20T20:59:59Z", None, id="a second before ten in the evening"),
        pytest.param("2026-11-20T21:00Z", "2026-11-21T06:00Z", id="ten in the evening"),
        pytest.param("2026-11-21T03:00Z", "2026-11-21T06:00Z", id="after midnight"),
        pytest.param("2026-11-21T06:00Z", None, id="seven in the morning"),
        pytest.param("2026-11-21T12:00Z", None, id="noon"),
    ],
)
def test_a_night_is_quiet_on_the_clock_of_the_person(at: str, expected: str | None) -> None:
    assert until(at, NIGHT) == expected


def test_the_same_moment_is_night_in_one_place_and_day_in_another() -> None:
    at = "2026-11-20T18:00Z"

    assert (until(at, NIGHT, zone=KOLKATA), until(at, NIGHT, zone=NEW_YORK)) == ("2026-11-21T01:30Z", None)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-20T22:00Z", "2026-11-21T06:00Z", id="Friday evening begins on a Friday"),
        pytest.param("2026-11-21T02:00Z", "2026-11-21T06:00Z", id="and goes on until Saturday morning"),
        pytest.param("2026-11-21T22:00Z", None, id="Saturday evening does not begin"),
        pytest.param("2026-11-22T02:00Z", None, id="so Sunday morning is not quiet"),
    ],
)
def test_days_are_those_on_which_a_window_begins(at: str, expected: str | None) -> None:
    assert until(at, {**NIGHT, "days": ["fri"]}) == expected


def test_windows_that_follow_each_other_count_as_one() -> None:
    siesta = {"from": "07:00", "to": "09:30", "days": ["sat"]}

    assert until("2026-11-20T23:00Z", NIGHT, siesta) == "2026-11-21T08:30Z"
    assert until("2026-11-20T23:00Z", NIGHT, {**siesta, "from": "07:01"}) == "2026-11-21T06:00Z"


def test_whoever_is_quiet_all_week_is_looked_at_again_after_eight_days() -> None:
    always = [{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "00:00"}]
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)

    found = quiet_until(at, windows_in(always), zone=PARIS)

    assert found is not None
    assert timedelta(days=8) <= found - at < timedelta(days=9)


# Clocks go forward in Paris on 2026-03-29 at 02:00 (01:00 UTC), and back on 2026-10-25 at 03:00 (01:00 UTC).
@pytest.mark.parametrize(
    ("window", "at", "expected"),
    [
        pytest.param(NIGHT, "2026-03-28T22:00Z", "2026-03-29T05:00Z", id="the short night"),
        pytest.param(NIGHT, "2026-10-24T21:00Z", "2026-10-25T06:00Z", id="the long night"),
        pytest.param(
            {"from": "22:00", "to": "02:30"}, "2026-03-29T00:30Z", "2026-03-29T01:30Z", id="an end that is left out"
        ),
        pytest.param(
            {"from": "02:30", "to": "05:00"}, "2026-03-29T01:29Z", None, id="before a beginning that is left out"
        ),
        pytest.param(
            {"from": "02:30", "to": "05:00"},
            "2026-03-29T01:30Z",
            "2026-03-29T03:00Z",
            id="a beginning that is left out",
        ),
        pytest.param(
            {"from": "22:00", "to": "02:30"}, "2026-10-25T00:45Z", "2026-10-25T01:30Z", id="an end that comes twice"
        ),
        pytest.param(
            {"from": "02:30", "to": "05:00"},
            "2026-10-25T00:30Z",
            "2026-10-25T04:00Z",
            id="a beginning that comes twice",
        ),
    ],
)
def test_when_clocks_change(window: dict[str, Any], at: str, expected: str | None) -> None:
    assert until(at, window) == expected


TIMES = st.times().map(lambda time: f"{time:%H:%M}")
WINDOWS = st.lists(
    st.fixed_dictionaries(
        {"from": TIMES, "to": TIMES, "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)}
    ),
    max_size=4,
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from([PARIS, KOLKATA, NEW_YORK, "Australia/Lord_Howe", "Pacific/Apia", "UTC"])


@given(MOMENTS, WINDOWS, ZONES)
def test_the_end_of_quiet_is_later_and_not_quiet_itself(
    at: datetime, quiet_hours: list[dict[str, Any]], zone: str
) -> None:
    windows = windows_in(quiet_hours)

    end = quiet_until(at, windows, zone=zone)

    if end is not None and end - at < timedelta(days=8):
        assert end > at
        assert quiet_until(end, windows, zone=zone) is None


@given(MOMENTS, WINDOWS, WINDOWS, ZONES)
def test_more_windows_never_make_it_less_quiet(
    at: datetime, some: list[dict[str, Any]], more: list[dict[str, Any]], zone: str
) -> None:
    before, after = (quiet_until(at, windows_in(given), zone=zone) for given in (some, some + more))

    assert before is None or (after is not None and (after >= before or after - at >= timedelta(days=8)))
