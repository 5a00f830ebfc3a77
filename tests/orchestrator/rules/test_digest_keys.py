"""The key of a digest: which items are gathered together, whatever their values are like."""

import json
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.policy import KeyPart
from orchestrator.rules.digest_keys import MOST_KEY_CHARS, key_in

DATA: dict[str, Any] = {
    "project": "Tower",
    "order": {"lines": ["a", "b"], "id": 7},
    "status": " Late ",
    "made": "2026-11-21T20:30:00Z",
    "local": "2026-11-21T20:30:00",
    "day": "2026-12-31",
    "gone": None,
}


def part(path: str, form: Any = "text", default: str = "") -> KeyPart:
    return KeyPart(path=path, form=form, default=default)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param(None, "", id="none"),
        pytest.param("project", "Tower", id="a text"),
        pytest.param("order.id", "7", id="a number"),
        pytest.param("order.lines.1", "b", id="of a list"),
        pytest.param("order.lines.9", "", id="beyond a list"),
        pytest.param("order.missing", "", id="missing"),
        pytest.param("project.name", "", id="below a text"),
        pytest.param("order", '{"id":7,"lines":["a","b"]}', id="an object"),
        pytest.param(("project",), "Tower", id="a list of one"),
        pytest.param(("project", "order.id"), "Tower|7", id="several"),
        pytest.param(("project", "gone"), "Tower|", id="one is not there"),
        pytest.param(("gone", "missing"), "", id="none is there"),
        pytest.param((part("status", "lower"),), "late", id="lower"),
        pytest.param((part("gone", default="none"), "order.id"), "none|7", id="a default"),
        pytest.param((part("made", "day"),), "2026-11-22", id="the day in Kolkata"),
        pytest.param((part("local", "day"),), "2026-11-21", id="a time of the person's own clock"),
        pytest.param((part("day", "month"),), "2026-12", id="the month of a date"),
        pytest.param((part("day", "week"),), "2026-W53", id="the week of a date"),
        pytest.param((part("project", "day", "undated"),), "undated", id="no moment"),
        pytest.param((part("order.id", "day"),), "", id="a number is no moment"),
    ],
)
def test_the_key_is_what_is_asked_for(key: Any, expected: str) -> None:
    assert key_in(DATA, key, zone="Asia/Kolkata") == expected


@pytest.mark.parametrize(
    ("one", "other"), [(7, "7"), (7.0, 7), (True, "true"), ([1, "a"], '[1,"a"]'), ({"b": 1, "a": 2}, {"a": 2, "b": 1})]
)
def test_equal_values_of_different_kinds_are_gathered_together(one: Any, other: Any) -> None:
    assert key_in({"x": one}, ("x", "x.y"), zone="UTC") == key_in({"x": other}, ("x", "x.y"), zone="UTC")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"a": "1|2", "b": "3"}, {"a": "1", "b": "2|3"}, id="a sign between"),
        pytest.param({"a": "1\\", "b": "|2"}, {"a": "1\\|", "b": "2"}, id="an escape"),
        pytest.param({"a": "x\n"}, {"a": "x\r"}, id="what cannot be shown"),
        pytest.param({"a": "x" * 999 + "y"}, {"a": "x" * 999 + "z"}, id="a long end"),
    ],
)
def test_different_values_are_gathered_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key_in(one, ("a", "b"), zone="UTC") != key_in(other, ("a", "b"), zone="UTC")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-01", "1" * 5000])
@pytest.mark.parametrize("form", ["day", "week", "month"])
def test_moments_beyond_the_calendar_are_none(moment: str, form: str) -> None:
    assert key_in({"x": moment}, (part("x", form, "none"),), zone="Asia/Kolkata") == "none"


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.lists(trees, min_size=1, max_size=5),
    st.sampled_from(["text", "lower", "day", "week", "month"]),
    st.sampled_from(["UTC", "Pacific/Apia", "America/New_York"]),
)
def test_whatever_the_values_the_key_is_short_can_be_shown_and_survives_storage(
    values: list[Any], form: str, zone: str
) -> None:
    data = {f"v{number}": value for number, value in enumerate(values)}
    parts = tuple(part(name, form) for name in data)

    key = key_in(data, parts, zone=zone)

    assert len(key) <= MOST_KEY_CHARS
    assert not any(unicodedata.category(one).startswith("C") for one in key)
    assert key_in(json.loads(msgspec.json.encode(data)), parts, zone=zone) == key
