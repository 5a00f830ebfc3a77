"""Signatures of webhooks as Standard Webhooks defines them: v1 (HMAC-SHA256) and v1a (ed25519).

What is signed is `id.timestamp.body`; a header may hold several signatures, so that a secret can be changed while
receivers still know the old one. github.com/standard-webhooks/standard-webhooks spec/standard-webhooks.md, 2026-11.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SYMMETRIC, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
TOLERANCE = timedelta(minutes=5)
MOST_SIGNATURES = 20


class BadSecret(ValueError):
    """A secret that cannot sign or verify. The message repeats nothing of it."""


class VerificationError(Exception):
    """The headers do not vouch for the body. The message says which check failed."""


def headers_for(id: str, body: bytes, *, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of a webhook; without secrets the first two. Raises BadSecret."""
    timestamp = int(at.timestamp())
    headers = {"webhook-id": id, "webhook-timestamp": str(timestamp)}
    signatures = [sign(id, timestamp, body, secret=secret) for secret in secrets]
    return headers | ({"webhook-signature": " ".join(signatures)} if signatures else {})


def sign(id: str, timestamp: int, body: bytes, *, secret: str) -> str:
    """One signature. `secret`: `whsec_…`, or `whsk_…` for an ed25519 key (32 bytes, or 64 with its public half)."""
    signed = _signed(id, str(timestamp), body)
    if secret.startswith(PRIVATE):
        raw = _decoded(secret.removeprefix(PRIVATE))
        if len(raw) not in (32, 64):
            raise BadSecret("an ed25519 key has 32 bytes, or 64 with its public half")
        return f"v1a,{base64.b64encode(Ed25519PrivateKey.from_private_bytes(raw[:32]).sign(signed)).decode()}"
    return f"v1,{base64.b64encode(hmac.digest(_symmetric(secret), signed, 'sha256')).decode()}"


def verify(headers: Mapping[str, str], body: bytes, *, at: datetime, secrets: Sequence[str]) -> None:
    """Return when one signature is good under one secret (`whsec_…` or `whpk_…`) and the timestamp is fresh.

    `at` is aware. Raises VerificationError for whatever else headers may hold, and BadSecret.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    id, timestamp, given = (lowered.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (id and timestamp and given):
        raise VerificationError("webhook-id, webhook-timestamp or webhook-signature is missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise VerificationError("webhook-timestamp is not a number of seconds")
    if abs(at.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise VerificationError("webhook-timestamp is too far from now")
    try:
        signed = _signed(id, timestamp, body)
    except UnicodeEncodeError:
        raise VerificationError("webhook-id is not text") from None
    signatures = [tuple(each.partition(",")[::2]) for each in given.split(" ")[:MOST_SIGNATURES]]
    if not any(_is_good(version, text, signed, secret) for version, text in signatures for secret in secrets):
        raise VerificationError("no signature is good")


def _is_good(version: str, text: str, signed: bytes, secret: str) -> bool:
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    if base64.b64encode(signature).decode() != text:  # the last letter of base64 has bits that mean nothing
        return False
    if secret.startswith(PUBLIC):
        return version == "v1a" and _has_signed(secret, signature, signed)
    return version == "v1" and hmac.compare_digest(hmac.digest(_symmetric(secret), signed, "sha256"), signature)


def _has_signed(secret: str, signature: bytes, signed: bytes) -> bool:
    raw = _decoded(secret.removeprefix(PUBLIC))
    if len(raw) != 32:
        raise BadSecret("an ed25519 public key has 32 bytes")
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _signed(id: str, timestamp: str, body: bytes) -> bytes:
    return b".".join((id.encode(), timestamp.encode(), body))


def _symmetric(secret: str) -> bytes:
    key = _decoded(secret.removeprefix(SYMMETRIC))
    if not key:
        raise BadSecret("a secret is `whsec_` and the base64 of at least 24 bytes")
    return key


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret("what follows its prefix is not base64") from None
