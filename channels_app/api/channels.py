"""`/channels`: the roads there are, what can be said on each, who drives them, and whether they are open."""

from functools import partial
from typing import Any, Literal

import msgspec
from django.conf import settings
from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.accounts import Ways, ways_of
from channels_app.contract import Account, Channel, Provider
from channels_app.credentials import secret_fields
from channels_app.registry import channels, providers_of
from channels_app.selectors import standing_of
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.pages import paginate_by_name
from tenants.api.problems import not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import READ
from tenants.values import Caller


class ProviderShown(Struct, kw_only=True):
    """Somebody who takes messages of a channel. `kinds`: the addresses it reaches, empty = all of them.

    `credentials` is the JSON Schema of what an account needs, null where it needs nothing or takes anything;
    `secrets` are the fields of it that are never shown.
    """

    key: str
    title: str
    kinds: list[str]
    needs_credentials: bool
    credentials: dict[str, Any] | None
    secrets: list[str]
    idempotency: Literal["key", "lookup", "none"]
    reports_delivery: bool
    max_batch: int


class WayShown(Struct, kw_only=True):
    """An account that may carry the caller's deliveries. `own`: the tenant's, else one that everybody shares."""

    account: str
    provider: str
    own: bool
    priority: int
    weight: int
    breaker: Literal["closed", "open", "half_open"]
    calls: int
    success: float | None
    p50_ms: int | None
    p95_ms: int | None


class ChannelShown(Struct, kw_only=True):
    """A channel. `enabled`: the operator allows it; `usable`: there is an account too, in the mode of the key."""

    key: str
    title: str
    address_kind: str
    needs_endpoint: bool
    fan_out: bool
    patient: bool
    enabled: bool
    usable: bool
    content_schema: dict[str, Any]
    providers: list[ProviderShown]
    accounts: list[WayShown]


class Channels(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List channels", answers={200: page_of(ChannelShown)})
    def get(self, request: Request) -> Response:
        """Every channel by its key, with what it can do and the accounts that would carry the caller's deliveries."""
        ways = ways_of([self.caller.tenant_id])
        found = {channel.key: _shown(channel, _accounts(channel, ways, self.caller)) for channel in channels}
        return Response(paginate_by_name(request, found))


class ChannelDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ}

    @operation("Get a channel", answers={200: ChannelShown})
    def get(self, request: Request, key: str) -> Response:
        """What can be said on it, by whom, and how they do."""
        if key not in channels:
            raise not_found()
        channel = channels.get(key)
        return Response(_shown(channel, _accounts(channel, ways_of([self.caller.tenant_id]), self.caller)))


def _shown(channel: Channel, accounts: list[Account]) -> ChannelShown:
    return ChannelShown(
        key=channel.key,
        title=channel.title,
        address_kind=channel.address_kind,
        needs_endpoint=channel.needs_endpoint,
        fan_out=channel.fan_out,
        patient=channel.patient,
        enabled=not settings.CHANNEL_ENABLE_LIST or channel.key in settings.CHANNEL_ENABLE_LIST,
        usable=bool(accounts),
        content_schema=_schema(channel.content),
        providers=[_provider(provider) for provider in providers_of(channel.key)],
        accounts=[_way(account) for account in accounts],
    )


def _accounts(channel: Channel, ways: Ways, caller: Caller) -> list[Account]:
    """Of every kind of address that the channel's providers reach, without repeating anybody."""
    kinds = sorted({kind for provider in providers_of(channel.key) for kind in provider.kinds} | {""})
    to = partial(ways.to, channel.key, mode=caller.mode, tenant_id=caller.tenant_id)
    found = [way for kind in kinds for way in to(kind=kind)]
    return list({way.key: way for way in found}.values())


def _provider(provider: type[Provider]) -> ProviderShown:
    form, can = provider.credentials, provider.capabilities
    return ProviderShown(
        key=provider.key,
        title=provider.title,
        kinds=list(provider.kinds),
        needs_credentials=provider.needs_credentials,
        credentials=_schema(form) if form else None,
        secrets=sorted(secret_fields(form)) if form else [],
        idempotency=can.idempotency,
        reports_delivery=can.reports_delivery,
        max_batch=can.max_batch,
    )


def _way(account: Account) -> WayShown:
    standing = standing_of(account, at=now())
    return WayShown(
        account=account.key,
        provider=account.provider,
        own=account.tenant_id is not None,
        priority=account.terms.priority,
        weight=account.terms.weight,
        breaker=standing.breaker,
        calls=standing.health.calls,
        success=None if standing.health.success is None else round(standing.health.success, 4),
        p50_ms=standing.health.p50_ms,
        p95_ms=standing.health.p95_ms,
    )


def _schema(struct: type[Struct]) -> dict[str, Any]:
    """JSON Schema 2020-12 on its own, with what it refers to."""
    (schema,), components = msgspec.json.schema_components((struct,), ref_template="#/$defs/{name}")
    return {**schema, "$defs": components} if components else schema
