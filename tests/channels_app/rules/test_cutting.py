"""Texts that are too long are cut between words, and never within a character."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.channels.sms import BODY_CHARS, Sms, SmsContent
from channels_app.rules.cutting import cut, cut_bytes
from channels_app.rules.push_content import PAYLOAD_BYTES, PushContent, _size, fitting

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "chars", "found"),
    [
        ("short", 5, "short"),
        ("The quick brown fox", 12, "The quick…"),
        ("Donaudampfschifffahrt", 10, "Donaudamp…"),
        ("ab " + "c" * 20, 12, "ab cccccccc…"),
        (f"ab{FAMILY}c", 6, "ab…"),
        ("a🇫🇷🇩🇪b", 5, "a🇫🇷…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
        ("thumb👍🏽!", 7, "thumb…"),
        ("abc", 1, "a"),
    ],
)
def test_where_a_text_is_cut(text: str, chars: int, found: str) -> None:
    assert cut(text, chars) == found


@given(st.text(), st.integers(1, 50))
def test_a_cut_is_never_longer_and_never_tears(text: str, chars: int) -> None:
    found = cut(text, chars)

    assert len(found) <= chars
    if found != text:
        kept = found.removesuffix("…")
        assert text.startswith(kept)
        rest = text[len(kept) :]
        assert not rest or unicodedata.category(rest[0]) != "Mn" or not kept


@given(st.text(), st.integers(0, 100))
def test_bytes_are_counted_in_utf_8(text: str, most: int) -> None:
    assert len(cut_bytes(text, most).encode()) <= most


def test_an_sms_keeps_its_alphabet_when_it_is_cut() -> None:
    content = Sms().fit(SmsContent(body="word " * 1000))

    assert len(content.body) <= BODY_CHARS
    assert content.body.endswith("word...")


@given(st.text(min_size=100, max_size=3000), st.integers(1, 3))
def test_a_push_message_fits(text: str, times: int) -> None:
    content = fitting(PushContent(title="x", body=text * times))

    assert _size(content) <= PAYLOAD_BYTES


def test_what_no_cut_can_help_is_left_to_be_refused() -> None:
    content = PushContent(title="x", body="short", data={"a": "x" * 5000})

    assert fitting(content) == content
