"""What is sealed opens in its own place, under a key that is known, and nowhere else."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.crypto import FORMAT, KEY_ID_BYTES, NONCE_BYTES, Keyring, Place, Unreadable

NEW, OLD = "n" * 25 + "0123456789abcdefghijklmnop", "o" * 25 + "0123456789abcdefghijklmnop"
HERE = Place("channels_app_provideraccount", "secrets", UUID(int=1), UUID(int=2))
TEXT = b'{"password":"s3cret"}'


def test_what_was_sealed_opens_again_and_shows_nothing() -> None:
    keys = Keyring([NEW])
    sealed = keys.seal(TEXT, place=HERE)

    assert keys.open(sealed, place=HERE) == TEXT
    assert b"s3cret" not in sealed
    assert len(sealed) == len(FORMAT) + KEY_ID_BYTES + NONCE_BYTES + len(TEXT) + 16


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    keys = Keyring([NEW])

    assert len({keys.seal(TEXT, place=HERE) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(replace(HERE, table="audience_endpoint"), id="another table"),
        pytest.param(replace(HERE, column="hook_token"), id="another column"),
        pytest.param(replace(HERE, tenant=UUID(int=9)), id="another tenant"),
        pytest.param(replace(HERE, tenant=None), id="the platform"),
        pytest.param(replace(HERE, row=UUID(int=3)), id="another row"),
    ],
)
def test_it_does_not_open_elsewhere(elsewhere: Place) -> None:
    keys = Keyring([NEW])
    sealed = keys.seal(TEXT, place=HERE)

    with pytest.raises(Unreadable, match="another place") as refused:
        keys.open(sealed, place=elsewhere)

    assert "s3cret" not in str(refused.value)


def test_no_single_bit_can_be_changed() -> None:
    keys = Keyring([NEW])
    sealed = keys.seal(TEXT, place=HERE)

    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unreadable):
            keys.open(bytes(changed), place=HERE)


@pytest.mark.parametrize("length", [0, 1, 5, 17, 20])
def test_a_piece_is_no_secret(length: int) -> None:
    keys = Keyring([NEW])

    with pytest.raises(Unreadable):
        keys.open(keys.seal(TEXT, place=HERE)[:length], place=HERE)


def test_former_keys_open_and_the_current_one_seals() -> None:
    before = Keyring([OLD]).seal(TEXT, place=HERE)
    keys = Keyring([NEW, OLD])

    after = keys.seal(keys.open(before, place=HERE), place=HERE)

    assert (keys.is_current(before), keys.is_current(after)) == (False, True)
    assert Keyring([NEW]).open(after, place=HERE) == TEXT


def test_a_key_that_is_gone_is_asked_for() -> None:
    sealed = Keyring([OLD]).seal(TEXT, place=HERE)

    with pytest.raises(Unreadable, match="SECRET_KEY_FALLBACKS"):
        Keyring([NEW]).open(sealed, place=HERE)
