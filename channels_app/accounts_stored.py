"""The provider accounts that tenants and operators keep in the database, opened and ready to use.

What was read is good for `FRESH_SECONDS`: a change is seen by every process within that time, by the one that made it
at once. Tenants' own role cannot read the platform's rows, so all are read here, as the platform.
"""

import json
import logging
import os
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from channels_app.accounts_named import hook_url
from channels_app.contract import Account
from channels_app.models import ProviderAccount
from channels_app.registry import channels, providers
from channels_app.values import Terms, WrongCredentials
from kernel.clock import monotonic
from kernel.crypto import Keyring, Place, Unreadable
from tenants.scope import platform_scope

FRESH_SECONDS = 0.8
MOST_KEPT = 10_000  # tenants, and opened accounts
TABLE = "channels_app_provideraccount"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """An account as it stands in the database."""

    account: Account
    enabled: bool


Owner = UUID | None


def stored_accounts(tenant_ids: Collection[UUID]) -> Mapping[Owner, Sequence[Stored]]:
    """The accounts of tenants and, under `None`, of the platform; one statement at most."""
    wanted: set[Owner] = {None, *tenant_ids}
    at = monotonic()
    with _kept.lock:
        found = {owner: kept[1] for owner in wanted if (kept := _kept.owners.get(owner)) is not None and at < kept[0]}
    if missing := wanted - found.keys():
        read = _read(missing)
        with _kept.lock:
            if len(_kept.owners) > MOST_KEPT:
                _kept.owners.clear()
            _kept.owners.update({owner: (at + FRESH_SECONDS, rows) for owner, rows in read.items()})
        found |= read
    return found


def stored_account_of_hook(token: str) -> Account | None:
    """The account whose hook URL ends in `token`, also a disabled one: reports of what it sent still come."""
    with platform_scope():
        row = ProviderAccount.objects.filter(hook_hash=hash_of(token)).first()
    opened = None if row is None else opened_account(row)
    return None if opened is None else opened.account


def opened_account(row: ProviderAccount) -> Stored | None:
    """A row with its secrets opened; `None`, and a line in the log, when it is of no use."""
    if row.provider not in providers or row.channel not in channels:
        return None  # of a third party that is not installed here
    with _kept.lock:
        known = _kept.opened.get(row.id)
    if known is not None and known[0] == row.updated_at:
        return Stored(_with_terms(known[1], row), row.enabled)
    try:
        account = _open(row)
    except (Unreadable, WrongCredentials) as trouble:
        extra = {"account": str(row.id), "provider": row.provider, "trouble": str(trouble)}
        log.error("account.unusable", extra=extra)
        return None
    with _kept.lock:
        if len(_kept.opened) > MOST_KEPT:
            _kept.opened.clear()
        _kept.opened[row.id] = row.updated_at, account
    return Stored(account, row.enabled)


def forget_accounts() -> None:
    """Drop what is kept in memory; the next look reads the database."""
    _kept.begin()


def account_key(row: ProviderAccount) -> str:
    """What attempts, metrics, breaker and limits call an account: readable, and never another tenant's."""
    return f"{row.provider}:{row.key}:{row.id.hex[-12:]}"


def keyring() -> Keyring:
    """The keys that seal the secrets of accounts."""
    return Keyring([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


def place_of(row: ProviderAccount, column: str) -> Place:
    """Where a sealed value of an account is kept."""
    return Place(TABLE, column, row.tenant_id, row.id)


def hash_of(token: str) -> bytes:
    """What finds an account by its hook token, which is 256 random bits: no salt and no stretching would add to it."""
    return sha256(token.encode()).digest()


def _read(owners: Collection[Owner]) -> dict[Owner, list[Stored]]:
    tenant_ids = [owner for owner in owners if owner is not None]
    whose = Q(tenant_id__in=tenant_ids)
    if None in owners:
        whose |= Q(tenant_id=None)
    with platform_scope():
        rows = list(ProviderAccount.objects.filter(whose).order_by("priority", "key"))
    found: dict[Owner, list[Stored]] = {owner: [] for owner in owners}
    for row in rows:
        opened = opened_account(row)
        if opened is not None:
            found[row.tenant_id].append(opened)
    return found


def _open(row: ProviderAccount) -> Account:
    keys, provider = keyring(), providers.get(row.provider)
    secrets: dict[str, Any] = json.loads(keys.open(bytes(row.secrets), place=place_of(row, "secrets")))
    token = keys.open(bytes(row.hook_token), place=place_of(row, "hook_token")).decode()
    return Account(
        key=account_key(row),
        provider=row.provider,
        channel=row.channel,
        mode=row.mode,
        config=provider.configure({**row.config, **secrets}) if provider.needs_credentials else {},
        hook_url=hook_url(token),
        id=row.id,
        tenant_id=row.tenant_id,
        terms=_terms(row),
    )


def _with_terms(account: Account, row: ProviderAccount) -> Account:
    """Evidence moves shares without making a new version of the account."""
    return account if account.terms.weight == row.share else replace(account, terms=_terms(row))


def _terms(row: ProviderAccount) -> Terms:
    return Terms(
        priority=row.priority,
        weight=row.share,
        per_second=row.per_second,
        per_minute=row.per_minute,
        per_hour=row.per_hour,
        cost_micros=row.cost_micros,
        currency=row.currency,
        region=row.region,
    )


class _Kept:
    """A child of `fork` begins with an empty one: it shares no lock with its parent."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.lock = threading.Lock()
        self.owners: dict[Owner, tuple[float, Sequence[Stored]]] = {}
        self.opened: dict[UUID, tuple[datetime, Account]] = {}


_kept = _Kept()
os.register_at_fork(after_in_child=_kept.begin)
