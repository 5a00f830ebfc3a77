"""How often somebody wants to hear of something: which subject's and which level's word counts."""

from datetime import timedelta
from typing import Any

import pytest

from preferences.rules import Batch, Off, Wishes, frequency_for, level_in, wishes_among
from tests.make import AT

DAILY, WEEKLY, HOURLY = Batch("day", "08:00"), Batch("week", "09:30", "fri"), Batch("hour")
DAY = {"mode": "digest", "every": "day"}
WEEK = {"mode": "digest", "every": "week", "at": "09:30", "on": "fri"}
HOUR = {"mode": "digest", "every": "hour"}
OFF, NOW = {"mode": "off"}, {"mode": "immediate"}


def said(**levels: dict[str, Any]) -> Wishes:
    return wishes_among(level_in({"frequency": document}, name) for name, document in levels.items())


CASES = [
    pytest.param(Wishes(), None, id="nobody said: at once"),
    pytest.param(said(recipient={"type:news": DAY}), DAILY, id="the type"),
    pytest.param(said(recipient={"category:media": WEEK}), WEEKLY, id="the category"),
    pytest.param(said(recipient={"channel:email": HOUR}), HOURLY, id="the channel"),
    pytest.param(
        said(recipient={"channel:email": HOUR, "category:media": WEEK, "type:news": DAY}), DAILY, id="the type first"
    ),
    pytest.param(said(recipient={"channel:email": HOUR, "category:media": WEEK}), WEEKLY, id="then the category"),
    pytest.param(said(recipient={"type:other": DAY}), None, id="another type"),
    pytest.param(said(default={"type:news": DAY}), DAILY, id="the tenant's"),
    pytest.param(said(recipient={"type:news": NOW}, default={"type:news": DAY}), None, id="at once after all"),
    pytest.param(
        said(recipient={"channel:email": HOUR}, default={"type:news": DAY}), HOURLY, id="the recipient's, if less exact"
    ),
    pytest.param(said(forced={"type:news": WEEK}, recipient={"type:news": NOW}), WEEKLY, id="forced"),
    pytest.param(said(recipient={"type:news": OFF}), Off(), id="never"),
    pytest.param(said(recipient={"channel:email": OFF, "type:news": DAY}), DAILY, id="never on it, but this daily"),
    pytest.param(said(recipient={"channel:email": HOUR}, default={"type:news": OFF}), Off(), id="off by default"),
    pytest.param(said(recipient={"type:news": DAY}, default={"type:news": OFF}), DAILY, id="asked for all the same"),
]


@pytest.mark.parametrize(("wishes", "expected"), CASES)
def test_how_often(wishes: Wishes, expected: Batch | Off | None) -> None:
    assert frequency_for(wishes, type="news", category="media", channel="email", at=AT) == expected


def test_what_is_forced_on_is_not_off_but_gathered_as_they_say() -> None:
    forced = level_in({"types": {"news": True}}, "forced")
    off, daily = (level_in({"frequency": {"type:news": mode}}) for mode in (OFF, DAY))

    def often(*levels: Any) -> Batch | Off | None:
        return frequency_for(wishes_among(levels), type="news", channel="email")

    assert (often(forced, off), often(forced, daily)) == (None, DAILY)


def test_an_override_counts_until_it_is_over() -> None:
    wishes = wishes_among([level_in({"frequency": {"type:news": DAY}}, "override", until=AT, id="1"), level_in({})])

    assert frequency_for(wishes, type="news", at=AT - timedelta(seconds=1)) == DAILY
    assert frequency_for(wishes, type="news", at=AT) is None
