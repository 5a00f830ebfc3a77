"""A person's history, how it fades, and the segment it puts them into."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.rules.engagement import (
    Profile,
    faded,
    hour_of_week,
    later,
    part_of_day,
    segment_of,
    succeeded,
    tried,
)

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("profile", "segment"),
    [
        pytest.param(None, "new", id="nobody we ever wrote to"),
        pytest.param(Profile(AT, {"email": (5, 5)}), "new", id="too few tries"),
        pytest.param(Profile(AT, {"email": (9, 0)}), "none/rarely", id="never"),
        pytest.param(Profile(AT, {"email": (50, 2)}, {"morning": 2}), "email/rarely/morning", id="hardly ever"),
        pytest.param(
            Profile(AT, {"email": (20, 1), "push": (20, 5)}, {"morning": 1, "evening": 5}), "push/sometimes/evening",
            id="now and then",
        ),
        pytest.param(
            Profile(AT, {"email": (40, 20), "push": (1, 1)}, {"night": 21}), "email/often/night",
            id="one lucky try is no habit",
        ),
        pytest.param(
            Profile(AT, {"sms": (10, 2), "email": (10, 2)}, {"evening": 2, "afternoon": 2}), "email/often/afternoon",
            id="of equals the first by name",
        ),
    ],
)  # fmt: skip
def test_a_segment_is_a_function_of_ones_own_history(profile: Profile | None, segment: str) -> None:
    assert segment_of(profile) == segment


def test_history_fades_by_half_in_a_half_life_and_never_grows() -> None:
    profile = Profile(AT, {"email": (8.0, 4.0)}, {"morning": 4.0})

    assert later(profile, AT + MONTH, MONTH) == Profile(AT + MONTH, {"email": (4.0, 2.0)}, {"morning": 2.0})
    assert later(profile, AT - MONTH, MONTH) == profile
    assert (faded(AT, AT, MONTH), faded(AT, AT + 2 * MONTH, MONTH), faded(AT, AT - MONTH, MONTH)) == (1, 0.25, 1)


def test_tries_and_successes_are_counted_on_their_channel_and_part_of_the_day() -> None:
    profile = succeeded(tried(tried(Profile(AT), "push"), "email"), "push", 24 + 19)

    assert profile == Profile(AT, {"push": (1.0, 1.0), "email": (1.0, 0.0)}, {"evening": 1.0})


@pytest.mark.parametrize(
    ("hour", "part"), [(0, "night"), (5, "morning"), (11, "afternoon"), (17, "evening"), (22, "evening"), (23, "night")]
)
def test_the_day_has_four_parts(hour: int, part: str) -> None:
    assert part_of_day(hour) == part


def test_the_week_begins_on_monday() -> None:
    assert hour_of_week(datetime(2026, 11, 16, 0, 30)) == 0  # noqa: DTZ001 - a wall clock
    assert hour_of_week(datetime(2026, 11, 22, 23, 59)) == 167  # noqa: DTZ001
