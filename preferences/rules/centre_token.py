"""The token in a link to a preference centre: whose it is, since when and until when. Pure; keys are arguments.

Whoever holds the link may change what that person wants, so it does run out and can be taken back (`CentreCutoff`).
An unsubscribe token opens nothing here, and the other way round: each is signed for its own purpose.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

MAC_BYTES = 16  # of HMAC-SHA256

_PURPOSE = b"carillon.preference-centre|"
_SAID = struct.Struct(">B16s16sQI")  # version, tenant, recipient, microseconds since 1970, minutes it lives
_VERSION = 1
TOKEN_CHARS = -(-(_SAID.size + MAC_BYTES) * 4 // 3)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose preference centre is opened. The end is whole minutes after the issue."""

    tenant_id: UUID
    recipient_id: UUID
    issued_at: datetime
    expires_at: datetime


def write(opening: Opening, *, keys: Sequence[bytes]) -> str:
    """The token, signed with the first key; letters, digits, - and _ only."""
    issued = (opening.issued_at - _EPOCH) // timedelta(microseconds=1)
    minutes = (opening.expires_at - opening.issued_at) // timedelta(minutes=1)
    said = _SAID.pack(_VERSION, opening.tenant_id.bytes, opening.recipient_id.bytes, issued, minutes)
    return urlsafe_b64encode(said + _mac(said, keys[0])).decode().rstrip("=")


def read(token: str, *, at: datetime, keys: Sequence[bytes]) -> Opening | None:
    """What a token says; `None` when it is not exactly one that we wrote under one of the keys, or is over at `at`."""
    raw = _opened(token)
    said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(said) != _SAID.size or not any(hmac.compare_digest(mac, _mac(said, key)) for key in keys):
        return None
    version, tenant, recipient, issued, minutes = _SAID.unpack(said)
    issued_at = _EPOCH + timedelta(microseconds=issued)
    opening = Opening(UUID(bytes=tenant), UUID(bytes=recipient), issued_at, issued_at + timedelta(minutes=minutes))
    return opening if version == _VERSION and at < opening.expires_at else None


def _opened(token: str) -> bytes:
    """The bytes of a token in its one spelling: base64 has several for most, and takes what it does not know."""
    if len(token) != TOKEN_CHARS or not token.isascii():
        return b""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (Error, ValueError):
        return b""
    return raw if urlsafe_b64encode(raw).decode().rstrip("=") == token else b""


def _mac(said: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + said, "sha256")[:MAC_BYTES]
