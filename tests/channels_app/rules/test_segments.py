"""How many SMS a text becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.rules.segments import BASIC, EXTENDED, is_gsm, segments


def test_the_alphabet_is_the_standards() -> None:
    assert len(BASIC) == 127  # 128 without the escape
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 7, 2),  # 161 septets, and the escape does not fit the first part
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 septets, one is lost where a part may not end
        ("ż" * 70, 1),
        ("ż" * 71, 2),
        ("ż" * 134, 2),
        ("ż" * 135, 3),
        ("\U0001f600" * 35, 1),
        ("\U0001f600" * 36, 2),
        ("\U0001f600" * 66, 2),  # 33 pairs to a part: a pair is never cut in two
        ("\U0001f600" * 67, 3),
        ("a" * 100 + "ż", 2),
    ],
)
def test_a_text_has_so_many_parts(text: str, expected: int) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("Grüße @ 5€ {~}", True), ("ç", False), ("Ç", True), ("`", False)])
def test_only_some_letters_take_seven_bits(text: str, expected: bool) -> None:
    assert is_gsm(text) is expected


@given(st.text(max_size=600), st.text(max_size=20))
def test_more_text_is_never_fewer_parts_in_one_alphabet(text: str, more: str) -> None:
    if is_gsm(text) == is_gsm(text + more):
        assert 1 <= segments(text) <= segments(text + more)
