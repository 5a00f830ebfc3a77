"""The token in an unsubscribe link: who leaves what, and nobody else's word for it. Pure; the keys are arguments.

It holds the keyed hash of the address, not the address, so it still works when the person is erased. It never expires:
a link must work for at least 30 days (CAN-SPAM, 16 CFR 316; read 2026-11), and mails are read years later.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

VERSION = b"\x01"
MAC_BYTES = 16  # of HMAC-SHA256
HASH_BYTES = 16
MOST_CHARS = 512

_PURPOSE = b"carillon.unsubscribe|"
_IDS = 3
_HEAD = len(VERSION) + _IDS * 16 + HASH_BYTES


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves what: `scope` as suppressions have it."""

    tenant_id: UUID
    recipient_id: UUID
    endpoint_id: UUID
    address_hash: bytes
    channel: str
    scope: str


def write(leaving: Leaving, *, keys: Sequence[bytes]) -> str:
    """The token, signed with the first key; letters, digits, - and _ only."""
    ids = (leaving.tenant_id, leaving.recipient_id, leaving.endpoint_id)
    said = VERSION + b"".join(id.bytes for id in ids) + leaving.address_hash
    said += f"{leaving.channel}\n{leaving.scope}".encode()
    return urlsafe_b64encode(said + _mac(said, keys[0])).decode().rstrip("=")


def read(token: str, *, keys: Sequence[bytes]) -> Leaving | None:
    """What a token says; `None` when it is not exactly one that we wrote under one of the keys."""
    raw = _opened(token)
    said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(said) <= _HEAD or not any(hmac.compare_digest(mac, _mac(said, key)) for key in keys):
        return None
    ids = [UUID(bytes=said[start : start + 16]) for start in range(1, 1 + _IDS * 16, 16)]
    channel, _, scope = said[_HEAD:].decode().partition("\n")
    return Leaving(ids[0], ids[1], ids[2], said[_HEAD - HASH_BYTES : _HEAD], channel, scope)


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
