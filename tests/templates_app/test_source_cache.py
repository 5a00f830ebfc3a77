"""Parsed templates are kept by their text, within bounds."""

import pytest

from templates_app.rules.cache import SourceCache


def test_a_text_is_parsed_once() -> None:
    cache: SourceCache[object] = SourceCache(room_chars=100)

    assert cache.get(("plain", "a"), object) is cache.get(("plain", "a"), object)


def test_the_same_text_is_another_thing_in_html() -> None:
    cache: SourceCache[object] = SourceCache(room_chars=100)

    assert cache.get(("plain", "a"), object) is not cache.get(("html", "a"), object)


def test_the_least_recently_used_goes_when_there_is_no_room() -> None:
    cache: SourceCache[object] = SourceCache(room_chars=10)
    old, kept = cache.get(("plain", "aaaa"), object), cache.get(("plain", "bbbb"), object)
    cache.get(("plain", "bbbb"), object)

    cache.get(("plain", "cccc"), object)

    assert cache.get(("plain", "bbbb"), object) is kept
    assert cache.get(("plain", "aaaa"), object) is not old


def test_a_text_bigger_than_the_room_is_kept_alone() -> None:
    cache: SourceCache[object] = SourceCache(room_chars=10)

    assert cache.get(("plain", "x" * 50), object) is cache.get(("plain", "x" * 50), object)


def test_a_failure_is_not_remembered() -> None:
    cache: SourceCache[object] = SourceCache(room_chars=10)
    with pytest.raises(ZeroDivisionError):
        cache.get(("plain", "a"), lambda: 1 / 0)

    assert cache.get(("plain", "a"), lambda: "fine") == "fine"
