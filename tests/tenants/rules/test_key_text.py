"""What an API key looks like."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.rules.key_text import ALPHABET, KeyText, mint, parse

KNOWN = KeyText(mode="live", public_id="Ab12Cd34", secret="0" * 43)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_minted_key_parses_to_itself(mode: str) -> None:
    key = mint(mode)

    found = parse(str(key))

    assert found == key
    assert re.fullmatch(rf"crl_{mode}_[0-9A-Za-z]{{8}}_[0-9A-Za-z]{{43}}_[0-9A-Za-z]{{6}}", str(key))


def test_minted_keys_differ() -> None:
    assert len({mint("live").secret for _ in range(100)}) == 100


def test_the_form_of_a_key_never_changes() -> None:
    assert str(KNOWN) == "crl_live_Ab12Cd34_0000000000000000000000000000000000000000000_1Sqs3x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "crl",
        "crl_live_Ab12Cd34",
        str(KNOWN)[:-1],
        str(KNOWN) + "0",
        " " + str(KNOWN),
        str(KNOWN).replace("live", "best"),
        str(KNOWN).replace("crl", "crx"),
        str(KNOWN).replace("Ab12Cd34", "Ab12Cd35"),
        str(KNOWN).replace("Ab12", "Ab_2"),
        str(KNOWN).replace("0000", "000é", 1),
        "é" * len(str(KNOWN)),
    ],
)
def test_what_is_no_key_is_told_without_a_look_into_the_database(text: str) -> None:
    assert parse(text) is None


@given(st.integers(0, 67), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_always_noticed(place: int, wrong: str) -> None:
    right = str(KNOWN)
    place %= len(right)

    typed = right[:place] + wrong + right[place + 1 :]

    assert (parse(typed) is None) == (typed != right)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    assert parse(text) is None


def test_a_key_does_not_show_its_secret_in_a_log() -> None:
    assert "0" * 43 not in repr(KNOWN)
