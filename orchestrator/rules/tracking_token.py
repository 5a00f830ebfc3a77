"""The tokens of tracked links and pixels: which delivery they belong to, and where the link leads. Pure.

A link's address stands in its token, so a million mails need no rows for their links, and nobody is led to an address
that we did not sign. Tokens never expire: mails are read years later. They hold no word about the person.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

LINK, OPEN = b"\x01", b"\x02"
MAC_BYTES = 12  # of HMAC-SHA256: every guess is a request to us, so 96 bits will do
MOST_ADDRESS_BYTES = 2048
MOST_LINKS = 0xFFFF
MOST_CHARS = 2800  # of the longest token we write; a request line ends at 4,094 bytes in gunicorn

SHORT_CHARS = 11
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_PURPOSE = b"carillon.tracking|"
_ID_BYTES = 16
_NUMBER_BYTES = 2


@dataclass(frozen=True, slots=True)
class TrackedLink:
    """A link of one delivery. `number` is its place among the links of the message, from 1."""

    delivery_id: UUID
    number: int
    address: str


def write_link(link: TrackedLink, *, keys: Sequence[bytes]) -> str | None:
    """The token, signed with the first key; letters, digits, - and _ only. `None`: too long to be tracked."""
    address = link.address.encode()
    if len(address) > MOST_ADDRESS_BYTES or not 1 <= link.number <= MOST_LINKS:
        return None
    return _write(LINK + link.delivery_id.bytes + link.number.to_bytes(_NUMBER_BYTES, "big") + address, keys[0])


def write_open(delivery_id: UUID, *, keys: Sequence[bytes]) -> str:
    """The token of a delivery's pixel."""
    return _write(OPEN + delivery_id.bytes, keys[0])


def read_link(token: str, *, keys: Sequence[bytes]) -> TrackedLink | None:
    """What a link's token says; `None` when it is not exactly one that we wrote under one of the keys."""
    said = _read(token, LINK, keys=keys)
    start = 1 + _ID_BYTES
    if len(said) <= start + _NUMBER_BYTES:
        return None
    number, address = said[start : start + _NUMBER_BYTES], said[start + _NUMBER_BYTES :]
    return TrackedLink(UUID(bytes=said[1:start]), int.from_bytes(number, "big"), address.decode())


def read_open(token: str, *, keys: Sequence[bytes]) -> UUID | None:
    """Whose pixel it is; `None` as with links."""
    said = _read(token, OPEN, keys=keys)
    return UUID(bytes=said[1:]) if len(said) == 1 + _ID_BYTES else None


def short_code(link: TrackedLink, *, keys: Sequence[bytes]) -> str:
    """The name under which a link is kept where a token would be too long: the same one at every attempt.

    65 bits: among a hundred million kept links two have the same name once in ten thousand times.
    """
    said = b"short|" + link.delivery_id.bytes + link.number.to_bytes(_NUMBER_BYTES, "big") + link.address.encode()
    number = int.from_bytes(_mac(said, keys[0]), "big")
    code = ""
    for _ in range(SHORT_CHARS):
        number, digit = divmod(number, len(_DIGITS))
        code += _DIGITS[digit]
    return code


def is_short(token: str) -> bool:
    """Whether this could be the short name of a link."""
    return len(token) == SHORT_CHARS and all(character in _DIGITS for character in token)


def _write(said: bytes, key: bytes) -> str:
    return urlsafe_b64encode(said + _mac(said, key)).decode().rstrip("=")


def _read(token: str, kind: bytes, *, keys: Sequence[bytes]) -> bytes:
    """What was signed, the kind first; empty unless one of the keys signed it as that kind."""
    raw = _opened(token)
    said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if said[:1] != kind or not any(hmac.compare_digest(mac, _mac(said, key)) for key in keys):
        return b""
    return said


def _opened(token: str) -> bytes:
    """The bytes of a token in its one spelling: base64 has several for most, and takes what it does not know."""
    if len(token) > MOST_CHARS or not token.isascii():
        return b""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""
    return raw if urlsafe_b64encode(raw).decode().rstrip("=") == token else b""


def _mac(said: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + said, "sha256")[:MAC_BYTES]
