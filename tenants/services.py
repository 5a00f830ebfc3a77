"""Make tenants, issue and revoke their keys, and write down who did what."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction

from kernel.ids import uuid7
from tenants.keys import forget, hash_of
from tenants.models import ApiKey, AuditEntry, Tenant
from tenants.rules.key_text import MODES, mint
from tenants.rules.scopes import implied
from tenants.scope import platform_scope
from tenants.values import IssuedKey

_TENANT_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class BadTenant(ValueError):
    """A tenant that cannot be made; the message says why."""


class BadKey(ValueError):
    """An API key that cannot be issued; the message says why."""


def create_tenant(key: str, *, name: str, timezone: str = "UTC", actor: str, at: datetime) -> Tenant:
    """Make a tenant. Raises `BadTenant` for a key that is taken or misshapen, or an unknown zone."""
    if not _TENANT_KEY.fullmatch(key):
        raise BadTenant(f"'{key}' is no tenant key; use 1 to 64 of a-z, 0-9 and - (not at the ends)")
    if timezone not in available_timezones():
        raise BadTenant(f"no time zone '{timezone}'; use an IANA name such as Europe/Paris")
    with platform_scope():
        if Tenant.objects.filter(key=key).exists():
            raise BadTenant(f"there is a tenant '{key}' already")
        tenant = Tenant.objects.create(id=uuid7(at), key=key, name=name or key, timezone=timezone)
        audit(tenant.id, actor=actor, action="tenant.created", object=f"tenant:{key}", at=at)
    return tenant


def issue_key(
    tenant_id: UUID,
    *,
    mode: str,
    scopes: Iterable[str],
    name: str = "",
    expires_at: datetime | None = None,
    actor: str,
    at: datetime,
) -> IssuedKey:
    """Issue a key, inside a scope that may write to the tenant. Raises `BadKey`, or `UnknownScope`.

    The answer holds the only copy of the secret.
    """
    wanted = tuple(dict.fromkeys(scopes))
    implied(wanted)
    if not wanted:
        raise BadKey("a key without scopes opens nothing; name at least one")
    if mode not in MODES:
        raise BadKey(f"no mode '{mode}'; known: {', '.join(MODES)}")
    if expires_at is not None and expires_at <= at:
        raise BadKey("a key cannot expire before it is issued")
    text = mint(mode)
    row = ApiKey(
        id=uuid7(at),
        tenant_id=tenant_id,
        name=name,
        mode=mode,
        public_id=text.public_id,
        secret_hash=hash_of(text.secret),
        scopes=list(wanted),
        expires_at=expires_at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        audit(
            tenant_id,
            actor=actor,
            action="api_key.issued",
            object=f"key:{text.public_id}",
            detail={"mode": mode, "scopes": wanted, "name": name},
            at=at,
        )
    return IssuedKey(
        id=row.id, text=str(text), public_id=text.public_id, mode=mode, scopes=wanted, expires_at=expires_at
    )


def revoke_key(key: ApiKey, *, actor: str, at: datetime) -> bool:
    """Revoke a key; every process refuses it within a second. `False` when it was revoked before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=at):
            return False
        audit(key.tenant_id, actor=actor, action="api_key.revoked", object=f"key:{key.public_id}", at=at)
        transaction.on_commit(lambda: forget(key.public_id))
    return True


def audit(
    tenant_id: UUID,
    *,
    actor: str,
    action: str,
    object: str = "",
    detail: Mapping[str, Any] | None = None,
    at: datetime,
) -> None:
    """Add a line to the tenant's trail, in the transaction of what it tells. No secret and no address in `detail`.

    `actor` is `key:…`, `user:…` or `command:…`; `action` is past tense and dotted: `template.published`.
    """
    AuditEntry.objects.create(
        id=uuid7(at), tenant_id=tenant_id, at=at, actor=actor, action=action, object=object, detail=detail or {}
    )
