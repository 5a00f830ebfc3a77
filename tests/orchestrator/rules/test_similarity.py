"""How alike two texts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.similarity import BITS, distance, normalised, simhash, texts_in

LETTER = (
    "Dear customer, your parcel has left our warehouse in Lyon this morning and will be with you on Thursday between "
    "nine and twelve; our driver rings twice and leaves it with the neighbour when nobody opens."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Order\t\n 66  ", "order 66"),
        ("STRASSE Straße", "strasse strasse"),
        ("ﬁne № ①", "fine no 1"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("", ""),
    ],
)
def test_what_nobody_hears_is_left_out(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_documents_are_read_in_the_order_of_their_keys() -> None:
    assert list(texts_in({"b": ["x", 2, None], "a": {"d": True, "c": "y"}})) == ["y", "True", "x", "2"]


@given(st.lists(st.text(), max_size=5))
def test_equal_texts_are_equal(texts: list[str]) -> None:
    assert simhash(texts) == simhash(list(texts))
    assert simhash(texts) == simhash([f"  {text}\n" for text in texts])


@given(st.lists(st.text(st.characters(codec="ascii")), max_size=5))
def test_case_makes_no_other_text(texts: list[str]) -> None:
    assert simhash(texts) == simhash([text.upper() for text in texts]) == simhash([text.lower() for text in texts])


@given(st.lists(st.text(min_size=1), max_size=5))
def test_it_fits_a_signed_number_of_64_bits(texts: list[str]) -> None:
    assert -(1 << (BITS - 1)) <= simhash(texts) < 1 << (BITS - 1)


@given(one=st.integers(-(1 << 63), (1 << 63) - 1), other=st.integers(-(1 << 63), (1 << 63) - 1))
def test_a_distance_is_the_same_both_ways_and_nothing_to_oneself(one: int, other: int) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, one), distance(0, -1)) == (0, BITS)


def test_a_word_more_is_near_and_another_letter_is_far() -> None:
    near = distance(simhash([LETTER]), simhash([f"{LETTER} Goodbye."]))
    far = distance(simhash([LETTER]), simhash(["Your invoice is overdue. Please pay within ten days or call us."]))

    assert near <= 6
    assert far > 16


def test_the_order_of_words_does_not_matter() -> None:
    assert simhash(["one two three"]) == simhash(["three, one", "two"])
