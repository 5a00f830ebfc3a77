"""Keep provider accounts: make, change, delete them, and write down what moved and why.

Each works inside a scope that may write the row: a tenant's for its own accounts, the platform's for those of the
platform, which have no tenant and no audit trail but the story of their changes.
"""

import json
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from channels_app.accounts_stored import forget_accounts, hash_of, keyring, place_of
from channels_app.contract import Provider
from channels_app.credentials import secret_fields
from channels_app.models import AccountChange, ProviderAccount
from channels_app.registry import providers
from channels_app.rules.reach import refuse_private
from kernel.crypto import Unreadable
from kernel.ids import uuid7
from tenants.services import audit

TOKEN_BYTES = 32
HIDDEN = "(secret)"  # what the story of changes tells of a secret


class KeyTaken(ValueError):
    """Another account of the same owner has this key."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An account as its owner wants it. `credentials` as an operator writes them, secrets included."""

    key: str
    provider: str
    mode: str = "live"
    name: str = ""
    credentials: Mapping[str, Any] | None = None  # None = as they are
    enabled: bool = True
    weight: int = 100
    priority: int = 0
    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    cost_micros: int = 0
    currency: str = ""
    region: str = ""


_PLAIN = tuple(field.name for field in fields(Facts) if field.name not in ("key", "provider", "mode", "credentials"))


def create(facts: Facts, *, tenant_id: UUID | None, actor: str, at: datetime) -> ProviderAccount:
    """Make an account, with a hook URL of its own. Raises `WrongCredentials` or `KeyTaken`."""
    provider = providers.get(facts.provider)
    written = facts.credentials or {}
    _check(provider, written, tenant_id=tenant_id)
    row = ProviderAccount(
        id=uuid7(at),
        tenant_id=tenant_id,
        key=facts.key,
        provider=facts.provider,
        channel=provider.channel,
        mode=facts.mode,
        share=facts.weight,
        created_at=at,
        updated_at=at,
        **{name: getattr(facts, name) for name in _PLAIN},
    )
    _put_credentials(row, written)
    token = random.token_urlsafe(TOKEN_BYTES)
    row.hook_hash = hash_of(token)
    row.hook_token = keyring().seal(token.encode(), place=place_of(row, "hook_token"))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as taken:
        if "provider_account_key_unique_per_tenant" not in str(taken):
            raise
        raise KeyTaken(f"there is an account '{facts.key}' already") from None
    _tell(row, "provider_account.created", actor=actor, detail={"provider": row.provider}, at=at)
    return row


def facts_of(row: ProviderAccount) -> Facts:
    """What is known of an account; its credentials are not told."""
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Facts(key=row.key, provider=row.provider, mode=row.mode, **plain)


def change(row: ProviderAccount, wanted: Facts, *, actor: str, at: datetime, reason: str = "") -> bool:
    """Make an account what `wanted` says; returns whether anything moved. Key, provider and mode stay.

    Of the credentials those that are given replace the kept ones, `None` takes one away. A new weight forgets what
    evidence had made of the old one. Raises `WrongCredentials`.
    """
    moved = {
        name: (getattr(row, name), getattr(wanted, name))
        for name in _PLAIN
        if getattr(row, name) != getattr(wanted, name)
    }
    before = credentials_of(row)
    after = _merged(before, wanted.credentials or {})
    if after != before:
        _check(providers.get(row.provider), after, tenant_id=row.tenant_id)
    for name, (_, value) in moved.items():
        setattr(row, name, value)
    if "weight" in moved:
        row.share = row.weight
    told = moved | _shown(row, before, after)
    if not told:
        return False
    with transaction.atomic():
        if after != before:
            _put_credentials(row, after)
        row.updated_at = at
        row.save(force_update=True)
        _write_story(row, told, actor=actor, reason=reason, at=at)
        _tell(row, "provider_account.changed", actor=actor, detail={"fields": sorted(told)}, at=at)
    return True


def delete(row: ProviderAccount, *, actor: str, at: datetime) -> None:
    """Delete an account; what it has sent keeps its name, and its hook URL is nobody's from now on."""
    with transaction.atomic():
        _write_story(row, {"deleted": (row.key, None)}, actor=actor, reason="", at=at)
        _tell(row, "provider_account.deleted", actor=actor, detail={"provider": row.provider}, at=at)
        row.delete()


def credentials_of(row: ProviderAccount) -> dict[str, Any]:
    """The credentials as they were written, opened. Never for showing."""
    opened: dict[str, Any] = json.loads(keyring().open(bytes(row.secrets), place=place_of(row, "secrets")))
    return {**row.config, **opened}


def reseal() -> tuple[int, int]:
    """Seal anew what a former key has sealed; returns how many accounts, and how many do not open at all."""
    keys, sealed, unreadable = keyring(), 0, 0
    for row in ProviderAccount.objects.select_for_update().order_by("id").iterator():
        if keys.is_current(bytes(row.secrets)) and keys.is_current(bytes(row.hook_token)):
            continue
        try:
            for column in ("secrets", "hook_token"):
                place = place_of(row, column)
                setattr(row, column, keys.seal(keys.open(bytes(getattr(row, column)), place=place), place=place))
        except Unreadable:
            unreadable += 1
        else:
            row.save(update_fields=["secrets", "hook_token"])
            sealed += 1
    return sealed, unreadable


def is_secret(provider: type[Provider], name: str) -> bool:
    """Whether a field of the credentials may never be shown; where the provider has no form, all of them."""
    return provider.credentials is None or name in secret_fields(provider.credentials)


def _check(provider: type[Provider], written: Mapping[str, Any], *, tenant_id: UUID | None) -> None:
    """Raises `WrongCredentials`. Where a tenant's account leads must be public; operators may go anywhere."""
    configured = provider.configure(written) if provider.needs_credentials else {}
    if tenant_id is not None:
        refuse_private(configured, allow=settings.EGRESS_ALLOW)


def _merged(kept: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**kept, **given}.items() if value is not None}


def _put_credentials(row: ProviderAccount, written: Mapping[str, Any]) -> None:
    provider = providers.get(row.provider)
    row.config = {name: value for name, value in written.items() if not is_secret(provider, name)}
    hidden = {name: value for name, value in written.items() if is_secret(provider, name)}
    row.secrets = keyring().seal(json.dumps(hidden).encode(), place=place_of(row, "secrets"))


def _shown(row: ProviderAccount, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What changed in the credentials, without the secrets."""
    provider = providers.get(row.provider)
    told: dict[str, tuple[Any, Any]] = {}
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            hide = is_secret(provider, name)
            told[f"credentials.{name}"] = (HIDDEN if hide and old else old, HIDDEN if hide and new else new)
    return told


def _write_story(
    row: ProviderAccount, told: Mapping[str, tuple[Any, Any]], *, actor: str, reason: str, at: datetime
) -> None:
    AccountChange.objects.bulk_create(
        AccountChange(
            id=uuid7(at),
            tenant_id=row.tenant_id,
            account_id=row.id,
            at=at,
            actor=actor,
            field=name,
            before=before,
            after=after,
            reason=reason,
        )
        for name, (before, after) in told.items()
    )


def _tell(row: ProviderAccount, action: str, *, actor: str, detail: Mapping[str, Any], at: datetime) -> None:
    if row.tenant_id is not None:
        audit(row.tenant_id, actor=actor, action=action, object=f"provider_account:{row.key}", detail=detail, at=at)
    transaction.on_commit(forget_accounts)
