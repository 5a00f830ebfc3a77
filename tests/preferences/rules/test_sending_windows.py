"""When messages may go out: windows, holidays, calling hours, and all of them together with quiet hours."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.rules.calling_hours import CALLING_HOURS, calling_hours
from preferences.rules.earliest import Held, Opening, held, openings_by_law
from preferences.rules.jurisdiction import Jurisdiction, jurisdiction_of
from preferences.rules.quiet_hours import DAYS, Window, windows_in
from preferences.rules.windows import LONGEST, sending_window

OFFICE = {"from": "09:00", "to": "18:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
LATE = {"from": "22:00", "to": "02:00"}
PARIS, NEW_YORK, KOLKATA = "Europe/Paris", "America/New_York", "Asia/Kolkata"


def opens(at: str, *windows: dict[str, Any], zone: str = PARIS, closed: tuple[str, ...] = ()) -> str | None:
    days = [date.fromisoformat(day) for day in closed]
    found = sending_window(datetime.fromisoformat(at), windows_in(windows), zone=zone, closed=days)
    return found and f"{found:%Y-%m-%dT%H:%MZ}"


# 2026-11-20 is a Friday; Paris is an hour ahead of UTC.
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-20T07:59Z", "2026-11-20T08:00Z", id="before nine: at nine"),
        pytest.param("2026-11-20T08:00Z", "2026-11-20T08:00Z", id="at nine: now"),
        pytest.param("2026-11-20T16:59Z", "2026-11-20T16:59Z", id="before six: now"),
        pytest.param("2026-11-20T17:00Z", "2026-11-23T08:00Z", id="Friday at six: on Monday"),
        pytest.param("2026-11-21T12:00Z", "2026-11-23T08:00Z", id="Saturday: on Monday"),
    ],
)
def test_office_hours_in_paris(at: str, expected: str) -> None:
    assert opens(at, OFFICE) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-20T23:30Z", "2026-11-20T23:30Z", id="after midnight, of the evening before"),
        pytest.param("2026-11-21T01:00Z", "2026-11-21T21:00Z", id="at two it is over"),
    ],
)
def test_a_window_over_midnight(at: str, expected: str) -> None:
    assert opens(at, LATE) == expected


def test_the_next_of_several_windows() -> None:
    morning, afternoon = {"from": "10:00", "to": "13:00"}, {"from": "14:00", "to": "20:00"}

    assert opens("2026-11-20T12:30Z", afternoon, morning) == "2026-11-20T13:00Z"


def test_nothing_opens_on_a_closed_day_and_without_windows_the_day_itself_is_closed() -> None:
    closed = ("2026-11-23",)

    assert opens("2026-11-20T17:00Z", OFFICE, closed=closed) == "2026-11-24T08:00Z"
    assert opens("2026-11-22T23:30Z", closed=closed) == "2026-11-23T23:00Z"
    assert opens("2026-11-22T22:30Z", closed=closed) == "2026-11-22T22:30Z"


def test_without_windows_it_is_always_now() -> None:
    assert opens("2026-11-20T03:00Z") == "2026-11-20T03:00Z"


def test_what_does_not_open_in_a_month_does_not_open() -> None:
    everyday = [f"2026-{month}-{day:02}" for month in (11, 12) for day in range(1, 31)]

    assert opens("2026-11-01T12:00Z", OFFICE, closed=(*everyday, "2026-12-31")) is None


# Clocks go forward in Paris on 2026-03-29 at 02:00 (01:00 UTC), and back on 2026-10-25 at 03:00 (01:00 UTC).
@pytest.mark.parametrize(
    ("window", "at", "expected"),
    [
        pytest.param(("02:30", "05:00"), "2026-03-29T01:00Z", "2026-03-29T01:30Z", id="a beginning that is left out"),
        pytest.param(("01:00", "02:30"), "2026-03-29T00:29Z", "2026-03-29T00:29Z", id="before an end that is left out"),
        pytest.param(("01:00", "02:30"), "2026-03-29T00:30Z", "2026-03-29T23:00Z", id="an end that is left out"),
        pytest.param(("02:30", "05:00"), "2026-10-25T00:30Z", "2026-10-25T01:30Z", id="a beginning that comes twice"),
        pytest.param(("01:00", "02:30"), "2026-10-25T00:30Z", "2026-10-26T00:00Z", id="an end that comes twice"),
    ],
)
def test_when_clocks_change_there_is_less_room_rather_than_more(
    window: tuple[str, str], at: str, expected: str
) -> None:
    assert opens(at, {"from": window[0], "to": window[1]}) == expected


TIMES = st.times().map(lambda time: f"{time:%H:%M}")
WINDOWS = st.lists(
    st.fixed_dictionaries(
        {"from": TIMES, "to": TIMES, "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)}
    ),
    min_size=1,
    max_size=3,
).map(windows_in)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from([PARIS, KOLKATA, NEW_YORK, "Australia/Lord_Howe", "Pacific/Apia", "UTC"])


@given(MOMENTS, WINDOWS, ZONES)
def test_the_next_moment_is_no_earlier_and_inside(at: datetime, windows: tuple[Window, ...], zone: str) -> None:
    found = sending_window(at, windows, zone=zone)

    assert found is None or (found >= at and sending_window(found, windows, zone=zone) == found)


@given(MOMENTS, WINDOWS, WINDOWS, ZONES)
def test_more_windows_never_put_it_off(
    at: datetime, some: tuple[Window, ...], more: tuple[Window, ...], zone: str
) -> None:
    before, after = (sending_window(at, windows, zone=zone) for windows in (some, some + more))

    assert before is None or (after is not None and after <= before)


NIGHT = windows_in([{"from": "22:00", "to": "07:00"}])
SHOP = Opening("type.windows", PARIS, windows_in([{"from": "09:00", "to": "20:00"}]))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-20T12:00Z", None, id="in the day"),
        pytest.param(
            "2026-11-20T19:30Z",
            Held(moment("2026-11-21T08:00Z"), "outside_window", "type.windows"),
            id="closed, then quiet, then closed again",
        ),
        pytest.param(
            "2026-11-21T03:00Z",
            Held(moment("2026-11-21T08:00Z"), "outside_window", "type.windows"),
            id="quiet until seven, closed until nine",
        ),
    ],
)
def test_quiet_hours_and_windows_must_agree(at: str, expected: Held | None) -> None:
    assert held(moment(at), quiet=NIGHT, zone=PARIS, openings=[SHOP]) == expected


def test_the_last_that_puts_it_off_gives_the_reason() -> None:
    siesta = windows_in([{"from": "08:30", "to": "10:00"}])

    found = held(moment("2026-11-21T07:00Z"), quiet=siesta, zone=PARIS, openings=[SHOP])

    assert found == Held(moment("2026-11-21T09:00Z"), "quiet_hours", "quiet_hours")


def test_windows_that_never_agree_are_looked_at_again_after_a_month() -> None:
    always = windows_in([{"from": "09:00", "to": "20:00"}])
    at = moment("2026-11-21T07:00Z")

    found = held(at, quiet=always, zone=PARIS, openings=[SHOP])

    assert found is not None
    assert found.until == at + LONGEST


def test_three_windows_a_day_that_never_agree_are_followed_for_a_month() -> None:
    six = ["mon", "tue", "wed", "thu", "fri", "sat"]
    quiet = windows_in(
        [
            {"from": "00:00", "to": "00:01", "days": ["mon"]},
            {"from": "00:01", "to": "01:00", "days": six},
            {"from": "01:01", "to": "00:00", "days": six},
        ]
    )
    windows = windows_in(
        [
            {"from": "00:01", "to": "01:00", "days": ["fri", "sat"]},
            {"from": "00:01", "to": "01:00", "days": ["mon", "tue", "wed", "thu"]},
            {"from": "01:01", "to": "00:00", "days": six},
        ]
    )
    at = moment("2026-01-01T00:00Z")

    found = held(at, quiet=quiet, zone=PARIS, openings=[Opening("type.windows", PARIS, windows)])

    assert found is not None
    assert found.until == at + LONGEST


@given(MOMENTS, WINDOWS, WINDOWS, ZONES, ZONES)
def test_when_it_may_go_nothing_holds_it(
    at: datetime, quiet: tuple[Window, ...], windows: tuple[Window, ...], zone: str, elsewhere: str
) -> None:
    openings = [Opening("type.windows", elsewhere, windows)]

    found = held(at, quiet=quiet, zone=zone, openings=openings)

    if found is not None and found.until < at + LONGEST:
        assert found.until > at
        assert held(found.until, quiet=quiet, zone=zone, openings=openings) is None


@given(MOMENTS, WINDOWS, WINDOWS, ZONES)
def test_one_more_that_has_a_say_never_makes_it_earlier(
    at: datetime, windows: tuple[Window, ...], more: tuple[Window, ...], zone: str
) -> None:
    one, other = Opening("a", zone, windows), Opening("b", zone, more)

    before, after = held(at, zone=zone, openings=[one]), held(at, zone=zone, openings=[one, other])

    assert before is None or (after is not None and after.until >= before.until)


TEXTS = {"channel": "sms", "purpose": "marketing"}

BY_LAW = [
    pytest.param("US", NEW_YORK, "2026-11-20T12:59Z", "2026-11-20T13:00Z", id="New York before eight"),
    pytest.param("US", NEW_YORK, "2026-11-21T01:59Z", None, id="New York before nine in the evening"),
    pytest.param("US", NEW_YORK, "2026-11-21T02:00Z", "2026-11-21T13:00Z", id="New York at nine in the evening"),
    pytest.param("FR", PARIS, "2026-11-21T21:00Z", "2026-11-23T07:00Z", id="Paris on a Saturday night"),
    pytest.param("FR", PARIS, "2026-12-24T21:30Z", "2026-12-26T07:00Z", id="Paris before Christmas"),
    pytest.param("IN", KOLKATA, "2026-11-20T04:29Z", "2026-11-20T04:30Z", id="Kolkata before ten"),
    pytest.param("IN", KOLKATA, "2026-11-20T15:30Z", "2026-11-21T04:30Z", id="Kolkata at nine in the evening"),
    pytest.param("AE", "Asia/Dubai", "2026-11-20T02:59Z", "2026-11-20T03:00Z", id="Dubai before seven"),
    pytest.param("KR", "Asia/Seoul", "2026-11-20T12:00Z", "2026-11-20T23:00Z", id="Seoul at nine in the evening"),
    pytest.param("SA", "Asia/Riyadh", "2026-11-20T05:59Z", "2026-11-20T06:00Z", id="Riyadh before nine"),
    pytest.param("SA", "Asia/Riyadh", "2026-11-20T18:59Z", None, id="Riyadh on a Friday before ten in the evening"),
]


@pytest.mark.parametrize(("country", "zone", "at", "expected"), BY_LAW)
def test_calling_hours(country: str, zone: str, at: str, expected: str | None) -> None:
    hours = calling_hours(country, **TEXTS)
    assert hours is not None

    found = held(moment(at), zone="UTC", openings=openings_by_law(hours, zones=[zone], holidays=[date(2026, 12, 25)]))

    assert found == (expected and Held(moment(expected), "outside_window", f"calling_hours.{country}"))


def test_where_the_clock_is_unknown_all_that_it_may_be_must_agree() -> None:
    hours = calling_hours("US", **TEXTS)
    assert hours is not None
    openings = openings_by_law(hours, zones=[NEW_YORK, "America/Los_Angeles"])

    found = held(moment("2026-11-20T13:00Z"), zone="UTC", openings=openings)

    assert found is not None
    assert found.until == moment("2026-11-20T16:00Z")  # eight in Los Angeles


@pytest.mark.parametrize(
    ("country", "channel", "purpose"),
    [
        pytest.param("US", "sms", "", id="no marketing"),
        pytest.param("US", "email", "marketing", id="no text"),
        pytest.param("", "sms", "marketing", id="nobody knows where"),
        pytest.param("DE", "sms", "marketing", id="a country without hours that we know"),
    ],
)
def test_calling_hours_are_about_marketing_texts_where_we_know_the_law(
    country: str, channel: str, purpose: str
) -> None:
    assert calling_hours(country, channel=channel, purpose=purpose) is None


def test_every_row_of_the_law_has_a_source_and_the_day_it_was_read() -> None:
    for country, hours in CALLING_HOURS.items():
        assert country == hours.country
        assert hours.windows
        assert "2026-11" in hours.source
        assert "." in hours.source
        assert all(isinstance(window.begins, time) for window in hours.windows)


JURISDICTIONS = [
    pytest.param("+12125550123", "", Jurisdiction("US", (NEW_YORK,)), id="the number tells both"),
    pytest.param("+14165550123", "", Jurisdiction("CA", ("America/Toronto",)), id="Canada has the same prefix"),
    pytest.param("+33612345678", NEW_YORK, Jurisdiction("FR", (NEW_YORK,)), id="the number's law, one's own clock"),
    pytest.param("", KOLKATA, Jurisdiction("IN", (KOLKATA,)), id="the zone tells the country"),
    pytest.param("", "Asia/Calcutta", Jurisdiction("IN", ("Asia/Calcutta",)), id="under an older name too"),
    pytest.param("", "UTC", Jurisdiction("", ("UTC",)), id="a zone of no country"),
    pytest.param("+18005550123", "", Jurisdiction("US", ("Europe/Berlin",)), id="a number that may be anywhere"),
    pytest.param("nonsense", "", Jurisdiction("", ("Europe/Berlin",)), id="no number"),
    pytest.param("", "", Jurisdiction("", ("Europe/Berlin",)), id="nothing known"),
]


@pytest.mark.parametrize(("phone", "zone", "expected"), JURISDICTIONS)
def test_law_and_clocks_of_somebody(phone: str, zone: str, expected: Jurisdiction) -> None:
    assert jurisdiction_of(phone, zone=zone, otherwise="Europe/Berlin") == expected


def test_an_hour_is_enough_to_wait_for() -> None:
    at = moment("2026-11-20T07:00Z")

    found = held(at, zone=PARIS, openings=[SHOP])

    assert found is not None
    assert found.until - at == timedelta(hours=1)
