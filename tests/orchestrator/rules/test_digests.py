"""Digests: when they close on whose clock, and what belongs to them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.policy import DigestPolicy, DigestWindow, TypePolicy
from orchestrator.rules.digests import LONGEST, closes_at, gathers, latest_at
from orchestrator.rules.situation import NOBODY, Case, Situation, StrategyFacts
from preferences.rules import Wishes, wishes_in
from tests.make import a_claimed_notification

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ZONES = ("UTC", "Europe/Paris", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")


def utc(text: str) -> datetime:
    """`11-20 08:00` is of 2026."""
    return datetime.fromisoformat(text if text.startswith("20") else f"2026-{text}").replace(tzinfo=UTC)


def closing(window: DigestWindow, first: datetime, last: datetime | None = None, zone: str = "UTC") -> datetime:
    return closes_at(window, first_at=first, last_at=last or first, zone=zone)


@pytest.mark.parametrize(
    ("window", "last", "expected"),
    [
        pytest.param(DigestWindow(seconds=600), 0, 10, id="fixed: so long after the first"),
        pytest.param(DigestWindow(seconds=600), 9, 10, id="fixed: whatever comes"),
        pytest.param(DigestWindow(mode="sliding", seconds=600), 9, 19, id="sliding: so long after the last"),
        pytest.param(DigestWindow(mode="sliding", seconds=600, max_seconds=900), 9, 15, id="sliding: never beyond max"),
        pytest.param(DigestWindow(mode="sliding", seconds=600), 95, 100, id="sliding: ten times, when nothing is said"),
    ],
)
def test_windows_of_minutes(window: DigestWindow, last: int, expected: int) -> None:
    assert closing(window, AT, AT + last * MINUTE) == AT + expected * MINUTE


@pytest.mark.parametrize(
    ("every", "at", "on", "zone", "first", "expected"),
    [
        pytest.param("day", "08:00", "mon", "UTC", "11-20 07:59", "11-20 08:00", id="still today"),
        pytest.param("day", "08:00", "mon", "UTC", "11-20 08:00", "11-21 08:00", id="the moment itself is over"),
        pytest.param("day", "08:00", "mon", "Asia/Kolkata", "11-20 12:00", "11-21 02:30", id="in Kolkata"),
        pytest.param("day", "00:00", "mon", "America/New_York", "11-20 12:00", "11-21 05:00", id="midnight"),
        pytest.param("week", "08:00", "mon", "UTC", "11-20 12:00", "11-23 08:00", id="next Monday"),
        pytest.param("week", "08:00", "fri", "UTC", "11-20 12:00", "11-27 08:00", id="today is over"),
        pytest.param("week", "13:00", "fri", "UTC", "11-20 12:00", "11-20 13:00", id="today is not over"),
        pytest.param("hour", "00:15", "mon", "UTC", "11-20 12:00", "11-20 12:15", id="at a quarter past"),
        pytest.param("hour", "00:00", "mon", "Asia/Kolkata", "11-20 12:00", "11-20 12:30", id="half an hour off"),
        # Paris: clocks go forward on 2027-03-28 from 02:00 to 03:00, and back on 2026-10-25 from 03:00 to 02:00.
        pytest.param("day", "02:30", "mon", "Europe/Paris", "2027-03-27 12:00", "2027-03-28 01:30", id="a gap"),
        pytest.param("day", "02:30", "mon", "Europe/Paris", "10-24 12:00", "10-25 00:30", id="twice: the first"),
        pytest.param("day", "02:30", "mon", "Europe/Paris", "10-25 00:45", "10-26 01:30", id="twice: only once"),
        pytest.param("day", "08:00", "mon", "Europe/Paris", "10-24 12:00", "10-25 07:00", id="25 hours"),
        # Samoa had no 2011-12-30 at all.
        pytest.param("day", "08:00", "mon", "Pacific/Apia", "2011-12-30 00:00", "2011-12-30 18:00", id="no such day"),
    ],
)  # fmt: skip
def test_windows_of_the_calendar(every: Any, at: str, on: Any, zone: str, first: str, expected: str) -> None:
    window = DigestWindow(mode="calendar", every=every, at=at, on=on)

    assert closing(window, utc(first), zone=zone) == utc(expected)


windows = st.builds(
    DigestWindow,
    mode=st.sampled_from(["fixed", "sliding", "calendar"]),
    seconds=st.integers(1, 31 * 86_400),
    max_seconds=st.none() | st.integers(1, 31 * 86_400),
    every=st.sampled_from(["hour", "day", "week"]),
    at=st.times().map(lambda found: f"{found:%H:%M}"),
    on=st.sampled_from(["mon", "wed", "sun"]),
)
moments = st.integers(0, 6 * 366 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(window=windows, first=moments, later=st.timedeltas(timedelta(), LONGEST), zone=st.sampled_from(ZONES))
def test_a_digest_closes_after_it_opened_and_never_later_than_its_latest(
    window: DigestWindow, first: datetime, later: timedelta, zone: str
) -> None:
    latest = latest_at(window, first_at=first, zone=zone)

    alone, joined = closing(window, first, zone=zone), closing(window, first, first + later, zone=zone)

    assert first < alone <= joined <= latest <= first + LONGEST


@given(window=windows, first=moments, later=st.timedeltas(timedelta(), LONGEST), zone=st.sampled_from(ZONES))
def test_who_joins_alone_could_only_ask_for_a_later_moment(
    window: DigestWindow, first: datetime, later: timedelta, zone: str
) -> None:
    """What the database does when somebody joins: the later of the two moments, but never beyond the latest."""
    latest = latest_at(window, first_at=first, zone=zone)
    asked = max(closing(window, first, zone=zone), closing(window, first + later, zone=zone))

    joined = closing(window, first, first + later, zone=zone)

    assert min(asked, latest) == joined


def a_case(*digests: DigestPolicy, **facts: Any) -> Case:
    return Case(
        a_claimed_notification(**facts), StrategyFacts("immediate", "immediate"), (), AT, TypePolicy(digests=digests)
    )


def taking(case: Case, channel: str, wishes: Wishes = NOBODY) -> DigestPolicy | None:
    return gathers(case, Situation(UUID(int=7), "UTC", wishes=wishes), channel=channel)


def test_a_channel_belongs_to_the_first_digest_that_takes_it() -> None:
    mails, rest = DigestPolicy(name="mails", channels=("email",)), DigestPolicy(name="rest")

    assert taking(a_case(mails, rest), "email") is mails
    assert taking(a_case(mails, rest), "push") is rest
    assert taking(a_case(mails), "push") is None


@pytest.mark.parametrize(
    ("facts", "gathered"),
    [
        pytest.param({}, True, id="what can wait"),
        pytest.param({"priority": 0}, False, id="critical"),
        pytest.param({"scheduled_local": "2026-11-21T10:00:00"}, False, id="wanted at a moment of its own"),
        pytest.param({"expires_at": AT + HOUR}, False, id="expired when it closes"),
        pytest.param({"expires_at": AT + HOUR + MINUTE}, True, id="alive when it closes"),
    ],
)
def test_only_what_can_wait_is_gathered(facts: dict[str, Any], gathered: bool) -> None:
    assert (taking(a_case(DigestPolicy(), **facts), "email") is not None) is gathered


def test_a_person_who_wants_to_hear_of_it_daily_does_whatever_the_type_says() -> None:
    said = {"frequency": {"type:order_confirmation": {"mode": "digest", "every": "day", "at": "18:30"}}}

    found = taking(a_case(DigestPolicy(name="own", template="orders")), "email", wishes_in(said))

    window = DigestWindow(mode="calendar", every="day", at="18:30")
    assert found == DigestPolicy(name="day.18:30.mon", window=window, channels=("email",), template="orders")
    common = taking(a_case(), "email", wishes_in(said))
    assert common is not None
    assert common.template == "digest"
