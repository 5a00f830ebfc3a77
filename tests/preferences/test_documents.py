"""What a preference document must be beyond its shape, and how changes are merged into one."""

from typing import Any

import pytest

from preferences.documents import Trouble, merged, troubles_in

KNOWN = ("email", "sms")
DIGEST = {"mode": "digest", "every": "day"}

TROUBLES = [
    pytest.param({"channels": {"fax": False}}, ("channels", "fax"), "unknown_channel", id="channel"),
    pytest.param(
        {"categories": {"news": {"fax": True}}}, ("categories", "news", "fax"), "unknown_channel", id="of a category"
    ),
    pytest.param({"types": {"otp": {"fax": True}}}, ("types", "otp", "fax"), "unknown_channel", id="channel of a type"),
    pytest.param(
        {"frequency": {"channel:fax": DIGEST}}, ("frequency", "channel:fax"), "unknown_channel", id="of a digest"
    ),
    pytest.param(
        {"categories": {"security": False}}, ("categories", "security"), "required_category", id="security off"
    ),
    pytest.param(
        {"categories": {"security": {"email": True, "sms": False}}},
        ("categories", "security"), "required_category", id="security off somewhere",
    ),
    pytest.param({"timezone": "Mars/Olympus"}, ("timezone",), "unknown_timezone", id="time zone"),
    pytest.param(
        {"quiet_hours": [{"from": "22:00", "to": "07:00"}, {"from": "08:00", "to": "08:00"}]},
        ("quiet_hours", 1), "empty_window", id="a window of no length",
    ),
    pytest.param(
        {"frequency": {"type:x": {"mode": "immediate", "at": "08:00"}}},
        ("frequency", "type:x"), "contradiction", id="at once, but at eight",
    ),
    pytest.param(
        {"frequency": {"type:x": {"mode": "digest"}}}, ("frequency", "type:x", "every"), "required", id="a digest when?"
    ),
    pytest.param(
        {"frequency": {"type:x": {**DIGEST, "on": "mon"}}},
        ("frequency", "type:x", "on"), "contradiction", id="every day on Mondays",
    ),
    pytest.param(
        {"frequency": {"type:x": {"mode": "digest", "every": "hour", "at": "08:00"}}},
        ("frequency", "type:x", "at"), "contradiction", id="every hour at eight",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("document", "path", "code"), TROUBLES)
def test_what_will_not_do_is_told_with_its_place(document: dict[str, Any], path: tuple[Any, ...], code: str) -> None:
    (trouble,) = troubles_in(document, channels=KNOWN)

    assert (trouble.path, trouble.code) == (path, code)
    assert trouble.message


def test_all_troubles_are_told_at_once() -> None:
    document = {"channels": {"fax": True}, "timezone": "?", "categories": {"security": False}}

    codes = {trouble.code for trouble in troubles_in(document, channels=KNOWN)}

    assert codes == {"unknown_channel", "unknown_timezone", "required_category"}


def test_the_message_names_what_would_do() -> None:
    assert troubles_in({"channels": {"fax": True}}, channels=KNOWN) == (
        Trouble(("channels", "fax"), "unknown_channel", "no channel 'fax'; known: email, sms"),
    )


def test_a_sound_document_has_no_trouble() -> None:
    document = {
        "channels": {"sms": False},
        "categories": {"marketing": {"email": True}, "news": False, "security": {"sms": True}},
        "types": {"otp": True},
        "quiet_hours": [{"days": ["sat"], "from": "22:00", "to": "07:00"}],
        "timezone": "Europe/Paris",
        "frequency": {
            "type:x": {"mode": "digest", "every": "week", "on": "mon", "at": "08:00"},
            "category:y": {"mode": "immediate"},
            "channel:sms": {"mode": "digest", "every": "hour"},
        },
    }

    assert troubles_in(document, channels=KNOWN) == ()


def test_while_nobody_told_the_channels_any_name_will_do() -> None:
    assert troubles_in({"channels": {"fax": True}}, channels=()) == ()


MERGES = [
    pytest.param({}, {"a": 1}, {"a": 1}, id="added"),
    pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="replaced"),
    pytest.param({"a": 1, "b": 2}, {"a": None}, {"b": 2}, id="taken away"),
    pytest.param({"a": 1}, {"b": None}, {"a": 1}, id="taking away what is not there"),
    pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": None}}, {"a": {"b": 3}}, id="objects merge"),
    pytest.param({"a": [1, 2]}, {"a": [3]}, {"a": [3]}, id="lists are replaced"),
    pytest.param({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="an object takes the place of a value"),
    pytest.param({"a": {"b": 1}}, {"a": False}, {"a": False}, id="a value takes the place of an object"),
    pytest.param({}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}, id="a null inside what is new is left out"),
    pytest.param({"a": 1}, {}, {"a": 1}, id="nothing changes nothing"),
]


@pytest.mark.parametrize(("document", "change", "expected"), MERGES)
def test_merging_follows_rfc_7396(document: dict[str, Any], change: dict[str, Any], expected: dict[str, Any]) -> None:
    before = repr(document)

    assert merged(document, change) == expected
    assert repr(document) == before
