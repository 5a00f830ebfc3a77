"""Secrets at rest: AES-256-GCM, bound to the one place where each is kept; and keys that sign for one purpose alone.

A sealed value opens only in the column, tenant and row it was sealed for: copied anywhere else it is worthless. Keys
are derived from the installation's secrets, so that changing those is a rotation: the first one seals, all of them
open.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12  # random; safe for 2^32 messages under one key: NIST SP 800-38D section 8.3, read 2026-11
_HEAD = len(FORMAT) + KEY_ID_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value is kept. `tenant` is `None` for rows of the platform."""

    table: str
    column: str
    tenant: UUID | None
    row: UUID

    def authenticated(self, head: bytes) -> bytes:
        """What the seal vouches for beside the text itself: the place, and which key was used."""
        return "|".join((self.table, self.column, str(self.tenant or "platform"), str(self.row))).encode() + b"|" + head


class Unreadable(ValueError):
    """A sealed value that does not open here. The message says why and repeats nothing of it."""


class Keyring:
    """The keys of an installation. `secrets`: the current one first, then former ones."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = tuple(_derived(secret) for secret in secrets)

    def seal(self, text: bytes, *, place: Place) -> bytes:
        """`text` under the current key; sealing twice never gives the same bytes."""
        key = self._keys[0]
        head, nonce = FORMAT + key.id, os.urandom(NONCE_BYTES)
        return head + nonce + key.cipher.encrypt(nonce, text, place.authenticated(head))

    def open(self, sealed: bytes, *, place: Place) -> bytes:
        """What was sealed for `place`. Raises `Unreadable`."""
        head, nonce, closed = sealed[:_HEAD], sealed[_HEAD : _HEAD + NONCE_BYTES], sealed[_HEAD + NONCE_BYTES :]
        keys = [key for key in self._keys if FORMAT + key.id == head]
        if not keys:
            raise Unreadable(
                f"{place.table}.{place.column} of {place.row} was sealed with a key that is not here; "
                "put the former SECRET_KEY into SECRET_KEY_FALLBACKS"
            )
        for key in keys:
            try:
                return key.cipher.decrypt(nonce, closed, place.authenticated(head))
            except (InvalidTag, ValueError):  # the latter for a nonce that was cut short
                continue
        raise Unreadable(f"{place.table}.{place.column} of {place.row} was changed, or was sealed for another place")

    def is_current(self, sealed: bytes) -> bool:
        """Whether the current key sealed it; otherwise sealing it anew lets a former key go."""
        return sealed[:_HEAD] == FORMAT + self._keys[0].id


@lru_cache(maxsize=32)
def purpose_keys(secrets: tuple[str, ...], purpose: str) -> tuple[bytes, ...]:
    """A key of 32 bytes for one purpose alone from each secret, in their order: what one signs no other opens."""
    return tuple(_expand(secret, purpose.encode(), 32) for secret in secrets)


@dataclass(frozen=True, slots=True)
class _Key:
    id: bytes
    cipher: AESGCM


@lru_cache(maxsize=64)
def _derived(secret: str) -> _Key:
    return _Key(_expand(secret, b"carillon.sealing.id", KEY_ID_BYTES), AESGCM(_expand(secret, b"carillon.sealing", 32)))


def _expand(secret: str, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret.encode())
