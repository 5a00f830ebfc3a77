"""Provider accounts as the API takes and shows them. Secrets go in and never come out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from channels_app.accounts_stored import account_key, opened_account
from channels_app.models import MOST_WEIGHT, AccountChange, ProviderAccount
from channels_app.registry import providers
from channels_app.services import credentials_of, facts_of, is_secret
from channels_app.values import Account
from kernel.crypto import Unreadable
from tenants.api.vocabulary import Moment

Key = Annotated[str, Meta(pattern=r"^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$", max_length=64, examples=["twilio-eu"])]
Name = Annotated[str, Meta(max_length=200)]
Weight = Annotated[int, Meta(ge=0, le=MOST_WEIGHT)]
Priority = Annotated[int, Meta(ge=0, le=100)]
Limit = Annotated[int, Meta(ge=1, le=10_000_000)]
Micros = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
Currency = Annotated[str, Meta(pattern=r"^(?:[A-Z]{3})?$", examples=["EUR"])]
Region = Annotated[str, Meta(max_length=64)]

EXAMPLE = {
    "key": "mail-eu",
    "provider": "smtp",
    "name": "Mail relay in Europe",
    "credentials": {"url": "smtp://shop:password@mail.example.org:587"},
    "priority": 0,
    "weight": 100,
    "per_second": 20,
    "cost_micros": 100,
    "currency": "EUR",
}


class NewProviderAccount(Struct, forbid_unknown_fields=True, kw_only=True):
    """An account to make. What `credentials` holds, the provider says: see `/channels`."""

    key: Key
    provider: Annotated[str, Meta(min_length=1, max_length=64)]
    mode: Literal["live", "test"] = "live"
    name: Name = ""
    credentials: dict[str, Any] = {}
    enabled: bool = True
    weight: Weight = 100
    priority: Priority = 0
    per_second: Limit | None = None
    per_minute: Limit | None = None
    per_hour: Limit | None = None
    cost_micros: Micros = 0
    currency: Currency = ""
    region: Region = ""


class ProviderAccountChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change. Of `credentials` only what is named; `null` takes a field away."""

    name: Name | UnsetType = UNSET
    credentials: dict[str, Any] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    weight: Weight | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    per_second: Limit | UnsetType | None = UNSET
    per_minute: Limit | UnsetType | None = UNSET
    per_hour: Limit | UnsetType | None = UNSET
    cost_micros: Micros | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    region: Region | UnsetType = UNSET


class ProviderAccountShown(Struct, kw_only=True):
    """An account without its secrets.

    `account` is its name in attempts, metrics and logs; `share` what evidence has left of `weight`; `secrets` the
    names of the credentials that are set and never shown; `hook_url` is for those who may manage.
    """

    id: UUID
    key: str
    account: str
    provider: str
    channel: str
    mode: str
    name: str
    credentials: dict[str, Any]
    secrets: list[str]
    hook_url: str | None
    enabled: bool
    weight: int
    share: int
    priority: int
    per_second: int | None
    per_minute: int | None
    per_hour: int | None
    cost_micros: int
    currency: str
    region: str
    created_at: Moment
    updated_at: Moment


class AccountChangeShown(Struct, kw_only=True):
    """One thing that changed, by hand (`key:…`, `user:…`) or by evidence. Secrets are told as (secret)."""

    id: UUID
    at: Moment
    actor: str
    field: str
    before: Any
    after: Any
    reason: str


class AccountHealth(Struct, kw_only=True):
    """How an account does: the last ten minutes, its breaker, and what it can take now."""

    breaker: Literal["closed", "open", "half_open"]
    breaker_wait_seconds: float
    calls: int
    success: float | None  # 0 to 1; null = nothing was called
    p50_ms: int | None
    p95_ms: int | None
    quiet_seconds: float  # its provider wants to be left alone for so long
    free_per_second: int | None  # what may go at once; null = no such limit
    free_per_minute: int | None
    free_per_hour: int | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure_code: str | None


class AccountTest(Struct, forbid_unknown_fields=True, kw_only=True):
    """A real message to send now. `to` is an address as in an endpoint, on `in_app` the id of a recipient."""

    to: str | dict[str, Any]
    kind: Annotated[str, Meta(max_length=32)] = ""
    content: dict[str, Any] | UnsetType = UNSET


class AccountTested(Struct, kw_only=True):
    """What the provider answered."""

    outcome: Literal["sent", "retry", "refused", "unknown"]
    code: str | None
    detail: str | None
    provider_message_id: str | None
    units: int | None
    seconds: float


def shown(row: ProviderAccount, *, with_hook: bool) -> ProviderAccountShown:
    facts = facts_of(row)
    return ProviderAccountShown(
        id=row.id,
        key=row.key,
        account=account_key(row),
        provider=row.provider,
        channel=row.channel,
        mode=row.mode,
        name=row.name,
        credentials=dict(row.config),
        secrets=_secrets(row),
        hook_url=_hook_url(row) if with_hook else None,
        enabled=facts.enabled,
        weight=facts.weight,
        share=row.share,
        priority=facts.priority,
        per_second=facts.per_second,
        per_minute=facts.per_minute,
        per_hour=facts.per_hour,
        cost_micros=facts.cost_micros,
        currency=facts.currency,
        region=facts.region,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def change_shown(row: AccountChange) -> AccountChangeShown:
    return AccountChangeShown(
        id=row.id, at=row.at, actor=row.actor, field=row.field, before=row.before, after=row.after, reason=row.reason
    )


def _secrets(row: ProviderAccount) -> list[str]:
    if row.provider not in providers:
        return []
    try:
        written: Mapping[str, Any] = credentials_of(row)
    except Unreadable:
        return []
    return sorted(name for name in written if is_secret(providers.get(row.provider), name))


def _hook_url(row: ProviderAccount) -> str | None:
    opened = opened_account(row)
    account: Account | None = opened.account if opened else None
    return account.hook_url if account else None
