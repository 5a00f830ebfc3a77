"""Tokens say what we signed, and nothing that we did not."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.tracking_token import (
    MOST_ADDRESS_BYTES,
    MOST_CHARS,
    SHORT_CHARS,
    TrackedLink,
    is_short,
    read_link,
    read_open,
    short_code,
    write_link,
    write_open,
)

KEYS = [b"k" * 32, b"o" * 32]
LINK = TrackedLink(UUID("01a1f8ff-8345-72f1-8f36-42278ef4d084"), 3, "https://shop.example/orders/123?a=1&b=ü#top")


def written(link: TrackedLink = LINK) -> str:
    token = write_link(link, keys=KEYS)
    assert token is not None
    return token


@given(st.uuids(), st.integers(1, 0xFFFF), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=600))
def test_a_token_says_what_was_written(delivery_id: UUID, number: int, address: str) -> None:
    link = TrackedLink(delivery_id, number, address)
    token = write_link(link, keys=KEYS)

    assert (read_link(token, keys=KEYS) == link) if token else len(address.encode()) > MOST_ADDRESS_BYTES


def test_a_pixel_says_whose_it_is() -> None:
    token = write_open(LINK.delivery_id, keys=KEYS)

    assert (read_open(token, keys=KEYS), len(token)) == (LINK.delivery_id, 39)


def test_a_token_is_refused_with_any_bit_flipped() -> None:
    token = written()
    flipped = {
        token[:at] + chr(ord(token[at]) ^ (1 << bit)) + token[at + 1 :] for at in range(len(token)) for bit in range(7)
    }

    assert not any(read_link(other, keys=KEYS) for other in flipped - {token})


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("A", id="no base64"),
        pytest.param("é" * 50, id="not ASCII"),
        pytest.param("A" * 100_000, id="much too long"),
        pytest.param(written() + "=", id="padded"),
        pytest.param(written() + "A", id="one more"),
        pytest.param(written()[:-1], id="one less"),
        pytest.param(write_open(LINK.delivery_id, keys=KEYS), id="a pixel's"),
        pytest.param(write_link(LINK, keys=[b"x" * 32]), id="signed by somebody else"),
    ],
)
def test_what_we_did_not_write_is_no_link(token: str) -> None:
    assert read_link(token, keys=KEYS) is None


def test_a_link_is_no_pixel() -> None:
    assert read_open(written(), keys=KEYS) is None


def test_older_keys_still_open_what_they_signed() -> None:
    old = write_link(LINK, keys=KEYS[1:])
    assert old is not None

    assert read_link(old, keys=KEYS) == LINK
    assert read_link(old, keys=KEYS[:1]) is None


def test_addresses_up_to_a_limit_fit_into_a_request_line() -> None:
    longest = TrackedLink(LINK.delivery_id, 1, "https://a.example/".ljust(MOST_ADDRESS_BYTES, "x"))
    token = written(longest)

    assert len(token) <= MOST_CHARS
    assert read_link(token, keys=KEYS) == longest
    assert write_link(TrackedLink(LINK.delivery_id, 1, longest.address + "x"), keys=KEYS) is None


def test_short_names_are_the_same_for_the_same_link_and_different_for_all_others() -> None:
    others = [TrackedLink(uuid4(), number, LINK.address) for number in range(1, 500)]
    codes = {short_code(link, keys=KEYS) for link in [LINK, *others]}

    assert short_code(LINK, keys=KEYS) in codes
    assert (len(codes), {len(code) for code in codes}) == (500, {SHORT_CHARS})
    assert all(is_short(code) for code in codes)


@pytest.mark.parametrize("token", ["", "abc", "abc-defghij", "abcdefghijkl", "абвгдежзийк", "12345678901 "])
def test_what_cannot_be_a_short_name(token: str) -> None:
    assert not is_short(token)
