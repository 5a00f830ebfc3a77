"""Recipient tokens: short-lived, signed, for one person's own inbox and preferences, and nothing else.

A token is not stored, so it cannot be taken back before it expires; changing SECRET_KEY takes back all of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core import signing

PREFIX = "crt_"
DEFAULT_SECONDS = 3600
MAX_SECONDS = 86_400
_SALT = "carillon.recipient-token"


@dataclass(frozen=True, slots=True)
class Token:
    """Whose inbox a token opens, until when, and its text as the client sends it."""

    tenant_id: UUID
    recipient_id: UUID
    expires_at: datetime
    text: str

    def seconds_left(self, at: datetime) -> float:
        return (self.expires_at - at).total_seconds()


class BadToken(ValueError):
    """Not a recipient token, not signed by us, or expired; the message says which."""


def issue(tenant_id: UUID, recipient_id: UUID, *, seconds: int, at: datetime) -> Token:
    """A token for one person that opens their inbox until `seconds` after `at` (whole seconds)."""
    expires_at = (at + timedelta(seconds=seconds)).replace(microsecond=0)
    signed = signing.dumps([tenant_id.hex, recipient_id.hex, int(expires_at.timestamp())], salt=_SALT)
    return Token(tenant_id, recipient_id, expires_at, f"{PREFIX}{signed}")


def read(text: str, *, at: datetime) -> Token:
    """The token behind `text`. Raises `BadToken`."""
    if not text.startswith(PREFIX):
        raise BadToken(f"a recipient token begins with {PREFIX}")
    try:
        tenant, recipient, expires = signing.loads(text.removeprefix(PREFIX), salt=_SALT)
    except signing.BadSignature:
        raise BadToken("the token was not issued here") from None
    token = Token(UUID(tenant), UUID(recipient), datetime.fromtimestamp(expires, UTC), text)
    if token.expires_at <= at:
        raise BadToken("the token has expired")
    return token
