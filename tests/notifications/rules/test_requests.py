"""Judging requests, without a database: every refusal has its place and its code."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_api import a_request

from channels_app.registry import channels
from notifications.rules.requests import LONGEST_WAIT, Judged, Known, TypeFacts, judge
from notifications.values import Content

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDER = TypeFacts(key="order", priority=1, channels=("email", "sms"), strategy="sequential")
TEMPLATED = TypeFacts(key="templated", template="welcome", channels=("push",))
KNOWN = Known(
    types={"order": ORDER, "templated": TEMPLATED},
    recipients={"ana": UUID(int=1)},
    segments={"vip": (UUID(int=2), 3)},
    strategies=("smart", "sequential", "immediate"),
    channels=("email", "sms", "push", "in_app"),
    default_strategy="smart",
    templates={"welcome": ("push", "sms")},
)
WORDS = ("in_app",)


def verdict(
    *, words: tuple[str, ...] = WORDS, default_strategy: str = "smart", **facts: Any
) -> Judged | list[tuple[str, str]]:
    if not words:
        facts["content"] = None
    known = replace(KNOWN, default_strategy=default_strategy)
    found = judge(a_request(**facts), known=known, at=AT, content_channels=words)
    return found if isinstance(found, Judged) else [(trouble.pointer, trouble.code) for trouble in found]


@pytest.mark.parametrize(
    ("facts", "troubles"),
    [
        pytest.param({"words": ()}, [("/type", "required")], id="neither type nor content"),
        pytest.param({"words": (), "type": "x"}, [("/type", "unknown_type")], id="unknown type without content"),
        pytest.param({"words": (), "type": "order"}, [("/content", "content_required")], id="a type without template"),
        pytest.param({"recipients": None}, [("/recipients", "required")], id="nobody"),
        pytest.param({"segment": "vip"}, [("/segment", "conflict")], id="people and a segment"),
        pytest.param({"recipients": None, "segment": "x"}, [("/segment", "unknown_segment")], id="unknown segment"),
        pytest.param(
            {"recipients": ["ana", "bob", {"id": "eve"}, "eve", ""]},
            [("/recipients/1", "recipient_not_found"), ("/recipients/4", "recipient_not_found")],
            id="unknown people, but not those introduced beside them",
        ),
        pytest.param({"channels": ["fax"]}, [("/channels/0", "unknown_channel")], id="unknown channel"),
        pytest.param({"channels": ["in_app", "sms"]}, [("/channels/1", "content_missing")], id="a channel unspoken"),
        pytest.param(
            {"words": (), "type": "templated", "channels": ["push", "email"]},
            [("/channels/1", "content_missing")],
            id="a channel that neither content nor template speaks on",
        ),
        pytest.param({"words": (), "template": "x"}, [("/template", "unknown_template")], id="unknown template"),
        pytest.param({"strategy": "x"}, [("/strategy", "unknown_strategy")], id="unknown strategy"),
        pytest.param(
            {"scheduled_at": "2027-01-01T00:00:00Z", "scheduled_local": "2027-01-01T00:00:00"},
            [("/scheduled_local", "conflict")],
            id="two schedules",
        ),
        pytest.param(
            {"recurrence": "FREQ=DAILY", "scheduled_local": "2027-01-01T00:00:00"},
            [("/recurrence", "conflict")],
            id="a series by everybody's own clock",
        ),
        pytest.param({"recurrence": "FREQ=X"}, [("/recurrence", "invalid_recurrence")], id="bad rule"),
        pytest.param(
            {"expires_at": "2026-11-20T12:00:00Z"}, [("/expires_at", "expires_too_early")], id="expires this moment"
        ),
        pytest.param(
            {"scheduled_at": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"},
            [("/expires_at", "expires_too_early")],
            id="expires when it is due",
        ),
        pytest.param(
            {"scheduled_local": "2027-01-01T00:00:00", "expires_at": "2026-12-31T10:00:00Z"},
            [("/expires_at", "expires_too_early")],
            id="expires before any clock shows it",
        ),
        pytest.param(
            {"scheduled_at": "2032-01-01T00:00:00Z"}, [("/scheduled_at", "moment_out_of_range")], id="too far ahead"
        ),
        pytest.param(
            {"scheduled_at": "1970-01-01T00:00:00Z"}, [("/scheduled_at", "moment_out_of_range")], id="long past"
        ),
        pytest.param(
            {"scheduled_local": "9999-12-31T23:59:59"}, [("/scheduled_local", "moment_out_of_range")], id="the last day"
        ),
        pytest.param(
            {"expires_at": "9999-12-31T23:59:59-14:00"},
            [("/expires_at", "moment_out_of_range")],
            id="a day that UTC does not have",
        ),
    ],
)
def test_what_is_refused(facts: dict[str, Any], troubles: list[tuple[str, str]]) -> None:
    assert verdict(**facts) == troubles


def test_an_unknown_type_is_a_word_when_there_is_content() -> None:
    judged = verdict(type="x")

    assert isinstance(judged, Judged)
    assert (judged.type, judged.priority, judged.strategy, judged.channels) == ("x", 2, "smart", ())


@pytest.mark.parametrize(
    ("facts", "default", "strategy"),
    [
        pytest.param({"channels": ["email", "sms"]}, "smart", "immediate", id="several channels: all of them"),
        pytest.param({"channels": ["sms", "sms"]}, "smart", "smart", id="one channel"),
        pytest.param({}, "smart", "smart", id="no channel"),
        pytest.param({"channels": ["email", "sms"], "strategy": "smart"}, "smart", "smart", id="asked to choose"),
        pytest.param({"channels": ["email", "sms"]}, "sequential", "sequential", id="another default"),
    ],
)
def test_naming_channels_and_no_strategy_means_all_of_them(facts: dict[str, Any], default: str, strategy: str) -> None:
    judged = verdict(words=("email", "sms"), default_strategy=default, **facts)

    assert isinstance(judged, Judged)
    assert judged.strategy == strategy


@pytest.mark.parametrize(
    ("type", "words", "asked", "channels"),
    [
        pytest.param("order", ("email",), None, ("email", "sms"), id="the type's own"),
        pytest.param("order", ("in_app",), None, (), id="words for others than the type's are meant to be said"),
        pytest.param("order", ("email", "sms"), ["sms", "email", "sms"], ("sms", "email"), id="asked for, each once"),
        pytest.param("templated", ("email",), None, ("push",), id="a template may say the rest"),
        pytest.param("templated", (), ["sms"], ("sms",), id="a template speaks for those asked for"),
    ],
)
def test_which_channels_are_considered(
    type: str, words: tuple[str, ...], asked: list[str] | None, channels: tuple[str, ...]
) -> None:
    judged = verdict(type=type, words=words, channels=asked)

    assert isinstance(judged, Judged)
    assert judged.channels == channels


def test_people_introduced_before_are_known() -> None:
    request = a_request(recipients=["eve"])

    assert isinstance(judge(request, known=KNOWN, at=AT, content_channels=WORDS, introduced={"eve"}), Judged)


MOMENTS = st.datetimes(timezones=st.timezones() | st.just(UTC))


@given(scheduled=st.none() | MOMENTS, expires=st.none() | MOMENTS, local=st.none() | st.datetimes())
def test_no_moment_breaks_it_and_what_it_takes_can_be_kept(
    scheduled: datetime | None, expires: datetime | None, local: datetime | None
) -> None:
    request = a_request(scheduled_at=scheduled, expires_at=expires, scheduled_local=local)

    judged = judge(request, known=KNOWN, at=AT, content_channels=WORDS)

    if isinstance(judged, Judged):
        assert judged.due_at is None or AT < judged.due_at <= AT + LONGEST_WAIT + timedelta(hours=14)
        assert judged.expires_at > (judged.due_at or AT)
        assert judged.expires_at.tzinfo is UTC


def test_content_has_a_place_for_every_channel_whoever_imported_it_first() -> None:
    """The admin imports it before the app that knows the channels is ready."""
    assert set(Content.__struct_fields__) == set(channels.keys())
    assert len(channels) >= 7
