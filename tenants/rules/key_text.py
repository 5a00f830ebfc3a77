"""What an API key looks like: `crl_live_<8 public id>_<43 secret>_<6 checksum>`, all in base 62.

The checksum tells a mistyped or truncated key from a wrong one without a look into the database, and lets scanners of
leaked secrets recognise ours without false alarms. It guards nothing: anyone can compute it.
"""

import secrets
import string
from dataclasses import dataclass
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
MODES = ("live", "test")
PREFIX = "crl"
PUBLIC_CHARS, SECRET_CHARS, CHECKSUM_CHARS = 8, 43, 6  # 43 × log2(62) = 256 bits
_LENGTH = len(f"{PREFIX}_live_") + PUBLIC_CHARS + 1 + SECRET_CHARS + 1 + CHECKSUM_CHARS
_KNOWN = frozenset(ALPHABET)


@dataclass(frozen=True, slots=True, repr=False)
class KeyText:
    """A key taken apart. It has no useful `repr`, so that no log shows the secret by accident."""

    mode: str
    public_id: str
    secret: str

    def __str__(self) -> str:
        body = f"{PREFIX}_{self.mode}_{self.public_id}_{self.secret}"
        return f"{body}_{_checksum(body)}"


def mint(mode: str) -> KeyText:
    """A new random key."""
    return KeyText(mode=mode, public_id=_random(PUBLIC_CHARS), secret=_random(SECRET_CHARS))


def parse(text: str) -> KeyText | None:
    """The key in `text`, or `None` when it cannot be one of ours."""
    if len(text) != _LENGTH or not text.isascii():
        return None
    body, _, checksum = text.rpartition("_")
    match body.split("_"):
        case [prefix, mode, public_id, secret] if (
            prefix == PREFIX
            and mode in MODES
            and len(public_id) == PUBLIC_CHARS
            and _KNOWN.issuperset(public_id)
            and checksum == _checksum(body)
        ):
            return KeyText(mode=mode, public_id=public_id, secret=secret)
    return None


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, characters = crc32(body.encode()), []
    for _ in range(CHECKSUM_CHARS):
        number, digit = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[digit])
    return "".join(reversed(characters))
