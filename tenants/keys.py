"""Recognise API keys: one look into the database per key and second, one keyed hash per request.

A secret is 256 random bits, so a fast keyed hash is enough; the pepper comes from `SECRET_KEY` and a copy of the table
alone is worth nothing. Unknown, wrong, expired and revoked keys take the same way and cost the same.
"""

import hmac
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from kernel.clock import monotonic
from kernel.together import Together
from tenants.models import ApiKey
from tenants.rules.key_text import KeyText, parse
from tenants.rules.scopes import implied
from tenants.scope import platform_scope
from tenants.values import Caller

logger = logging.getLogger(__name__)

FRESH_SECONDS = 1.0  # a revoked key is refused after this at the latest
MAX_CACHED = 10_000
TOUCH_EVERY = timedelta(minutes=1)
_NOBODY = bytes(sha256().digest_size)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the table said about a public id. `id` is `None` when it knew nothing."""

    until: float  # monotonic seconds
    id: UUID | None = None
    caller: Caller | None = None
    secret_hash: bytes = _NOBODY
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


_known: dict[str, _Known] = {}
_together = Together[_Known]()


def authenticate(raw_key: str, *, at: datetime) -> Caller | None:
    """Who holds `raw_key`, or `None`: unknown, wrong, expired or revoked, and never which."""
    key = parse(raw_key)
    if key is None:
        return None
    known = _look_up(key.public_id)
    if not _is_secret_of(known, secret=key.secret) or not _is_valid(known, key=key, at=at):
        return None
    if known.last_used_at is None or at - known.last_used_at >= TOUCH_EVERY:
        _known[key.public_id] = replace(known, last_used_at=at)
        _touch(known, at=at)
    return known.caller


def hash_of(secret: str) -> bytes:
    """What is stored of a secret."""
    return hmac.digest(_pepper(settings.SECRET_KEY), secret.encode(), "sha256")


def forget(public_id: str) -> None:
    """Let the next use of a key look into the database again."""
    _together.forget()
    _known.pop(public_id, None)


def forget_all() -> None:
    _together.forget()
    _known.clear()


def _look_up(public_id: str) -> _Known:
    now = monotonic()
    known = _known.get(public_id)
    if known is None or known.until <= now:
        known = _together.look(public_id, partial(_read, public_id, until=now + FRESH_SECONDS))
        if len(_known) >= MAX_CACHED:
            _known.clear()
        _known[public_id] = known
    return known


def _read(public_id: str, *, until: float) -> _Known:
    with platform_scope():
        row = ApiKey.objects.filter(public_id=public_id).first()
    if row is None:
        return _Known(until=until)
    return _Known(
        until=until,
        id=row.id,
        caller=Caller(tenant_id=row.tenant_id, mode=row.mode, scopes=implied(row.scopes), actor=f"key:{row.public_id}"),
        secret_hash=bytes(row.secret_hash),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )


def _is_secret_of(known: _Known, *, secret: str) -> bool:
    """Compare against every pepper in use, always all of them."""
    text = secret.encode()
    found = False
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        found |= hmac.compare_digest(hmac.digest(_pepper(key), text, "sha256"), known.secret_hash)
    return found


def _is_valid(known: _Known, *, key: KeyText, at: datetime) -> bool:
    return (
        known.caller is not None
        and known.caller.mode == key.mode
        and known.revoked_at is None
        and (known.expires_at is None or at < known.expires_at)
    )


def _touch(known: _Known, *, at: datetime) -> None:
    """Note that the key was used. Nothing waits for it and nothing fails by it."""
    try:
        with platform_scope(), connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE tenants_apikey SET last_used_at = %(at)s WHERE id = (
                    SELECT id FROM tenants_apikey
                    WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at <= %(before)s)
                    FOR NO KEY UPDATE SKIP LOCKED)
                """,
                {"id": known.id, "at": at, "before": at - TOUCH_EVERY},
            )
    except DatabaseError:
        logger.warning("api_key.touch_failed", exc_info=True)


@cache
def _pepper(secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"carillon.api-key", "sha256")
