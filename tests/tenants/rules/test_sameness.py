"""When two requests are the same one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.rules.sameness import fingerprint, is_key

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


def mark(body: Any = None, method: str = "POST", path: str = "/things", mode: str = "live") -> bytes:
    return fingerprint(body, method=method, path=path, mode=mode)


def backwards(value: Any) -> Any:
    """The same JSON with its keys written in the other order."""
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_the_order_of_keys_says_nothing(body: Any) -> None:
    assert mark(body) == mark(backwards(body))


@given(JSON, JSON)
def test_other_words_are_another_request(one: Any, other: Any) -> None:
    assert (mark(one) == mark(other)) == (repr_of(one) == repr_of(other))


def repr_of(value: Any) -> str:
    """Distinguishes 1 from True, which == does not."""
    if isinstance(value, dict):
        return f"object {sorted((name, repr_of(item)) for name, item in value.items())}"
    return repr([repr_of(item) for item in value]) if isinstance(value, list) else repr(value)


@pytest.mark.parametrize("other", [{"method": "PUT"}, {"path": "/others"}, {"mode": "test"}, {"body": {"a": 1}}])
def test_method_path_mode_and_body_each_matter(other: dict[str, Any]) -> None:
    assert mark() != mark(**other)


def test_a_trailing_slash_does_not_matter() -> None:
    assert mark(path="/things/") == mark(path="/things")


@pytest.mark.parametrize(
    ("text", "good"),
    [("a", True), ("order:1/2!~", True), ("x" * 255, True), ("", False), ("x" * 256, False), ("a b", False)]
    + [(text, False) for text in ("é", "a\n", "\x7f", "a\0")],
)
def test_a_key_is_1_to_255_visible_ascii_characters(text: str, good: bool) -> None:
    assert is_key(text) is good
