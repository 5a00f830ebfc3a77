"""`/provider-accounts`: a tenant's own accounts with providers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import django_filters
import msgspec
from django.shortcuts import get_object_or_404
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.accounts_stored import opened_account
from channels_app.api.account_shapes import (
    EXAMPLE,
    AccountChangeShown,
    AccountHealth,
    NewProviderAccount,
    ProviderAccountChange,
    ProviderAccountShown,
    change_shown,
    shown,
)
from channels_app.contract import Account, Provider
from channels_app.models import ProviderAccount
from channels_app.registry import providers
from channels_app.selectors import Standing, accounts_of, changes_of, standing_of
from channels_app.services import Facts, KeyTaken, change, create, credentials_of, delete, facts_of
from channels_app.values import WrongCredentials
from kernel import structs
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.faults import below, faults_of
from tenants.api.pages import Unfiltered, filtered, paginate
from tenants.api.problems import FieldError, Problem, conflict, invalid
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ


class ProviderAccountFilter(django_filters.FilterSet):
    """Accounts by what they are for."""

    channel = django_filters.CharFilter(help_text="exactly, such as sms")
    provider = django_filters.CharFilter(help_text="exactly, such as twilio")
    mode = django_filters.ChoiceFilter(choices=ProviderAccount.Mode.choices, help_text="live or test")
    enabled = django_filters.BooleanFilter(help_text="only enabled ones, or only others")


class ProviderAccounts(TenantView):
    """The tenant's own."""

    scopes = {"GET": READ, "POST": MANAGE}

    @operation("List provider accounts", answers={200: page_of(ProviderAccountShown)}, query=ProviderAccountFilter)
    def get(self, request: Request) -> Response:
        """The tenant's own accounts, newest first; those that everybody shares are in `/channels`."""
        rows = filtered(request, accounts_of(self.caller.tenant_id), by=ProviderAccountFilter)
        with_hook = self.caller.may(MANAGE)
        return Response(paginate(request, rows, show=lambda page: [shown(row, with_hook=with_hook) for row in page]))

    @operation(
        "Make a provider account", body=NewProviderAccount, answers={201: ProviderAccountShown}, located=True,
        problems=(409,), example=EXAMPLE,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """From then on it is used instead of the accounts that everybody shares, for the addresses that it reaches.

        Secrets are never shown again. Its key is unique, so a request that is repeated makes nothing twice: 409. A test
        key makes test accounts only.
        """
        asked = decode(request, NewProviderAccount)
        refuse_live(asked.mode, caller_mode=self.caller.mode)
        if asked.provider not in providers:
            message = f"no provider '{asked.provider[:40]}'; known: {', '.join(sorted(providers.keys()))}"
            raise invalid([FieldError("/provider", "unknown_provider", message)])
        _refuse_faults(providers.get(asked.provider), asked.credentials)
        try:
            row = create(
                Facts(**msgspec.structs.asdict(asked)),
                tenant_id=self.caller.tenant_id,
                actor=self.caller.actor,
                at=now(),
            )
        except WrongCredentials as wrong:
            raise _wrong(wrong) from None
        except KeyTaken as taken:
            raise conflict("key_taken", detail=f"{taken}; change that one, or choose another key.") from None
        location = f"{request.path.rstrip('/')}/{row.id}"
        return Response(shown(row, with_hook=True), status=201, headers={"Location": location})


class ProviderAccountDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PATCH": MANAGE, "DELETE": MANAGE}

    @operation("Get a provider account", answers={200: ProviderAccountShown})
    def get(self, request: Request, id: UUID) -> Response:
        """Everything but the secrets."""
        row = get_object_or_404(accounts_of(self.caller.tenant_id), id=id)
        return Response(shown(row, with_hook=self.caller.may(MANAGE)))

    @operation(
        "Change a provider account", body=ProviderAccountChange, answers={200: ProviderAccountShown},
        example={"enabled": False},
    )  # fmt: skip
    def patch(self, request: Request, id: UUID) -> Response:
        """Every process follows within a second. Key, provider and mode stay.

        An account that is switched off still stands before those that everybody shares: delete it to use them again.
        """
        row = get_object_or_404(accounts_of(self.caller.tenant_id).select_for_update(), id=id)
        refuse_live(row.mode, caller_mode=self.caller.mode)
        asked = decode(request, ProviderAccountChange)
        said = {name: value for name, value in msgspec.structs.asdict(asked).items() if value is not UNSET}
        if asked.credentials is not UNSET and row.provider in providers:
            merged = {**credentials_of(row), **asked.credentials}
            _refuse_faults(
                providers.get(row.provider), {name: value for name, value in merged.items() if value is not None}
            )
        try:
            change(row, replace(facts_of(row), **said), actor=self.caller.actor, at=now())
        except WrongCredentials as wrong:
            raise _wrong(wrong) from None
        return Response(shown(row, with_hook=True))

    @operation("Delete a provider account", answers={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """What it has sent stays; what waits goes another way. Reports to its hook URL are not heard any more."""
        row = get_object_or_404(accounts_of(self.caller.tenant_id), id=id)
        refuse_live(row.mode, caller_mode=self.caller.mode)
        delete(row, actor=self.caller.actor, at=now())
        return Response(status=204)


class ProviderAccountChanges(TenantView):
    """The story of one."""

    scopes = {"GET": READ}

    @operation("List changes of a provider account", answers={200: page_of(AccountChangeShown)}, query=Unfiltered)
    def get(self, request: Request, id: UUID) -> Response:
        """What changed, by hand or by evidence, newest first."""
        row = get_object_or_404(accounts_of(self.caller.tenant_id), id=id)
        changes = filtered(request, changes_of(row), by=Unfiltered)
        return Response(paginate(request, changes, show=lambda page: [change_shown(one) for one in page]))


class ProviderAccountHealth(TenantView):
    """How one of them does."""

    scopes = {"GET": READ}

    @operation("Get the health of a provider account", answers={200: AccountHealth})
    def get(self, request: Request, id: UUID) -> Response:
        """The last ten minutes, the breaker, and what it can take at this moment."""
        account = usable(get_object_or_404(accounts_of(self.caller.tenant_id), id=id))
        return Response(health_shown(standing_of(account, at=now())))


def usable(row: ProviderAccount) -> Account:
    """The account of a row. Raises `Problem` 409 when its provider is gone or its secrets do not open."""
    opened = opened_account(row)
    if opened is None:
        detail = "Its provider is not installed, or its credentials cannot be read; give them again."
        raise conflict("account_unusable", detail=detail)
    return opened.account


def health_shown(standing: Standing) -> AccountHealth:
    free: Mapping[int, int] = standing.room.free
    return AccountHealth(
        breaker=standing.breaker,
        breaker_wait_seconds=round(standing.breaker_wait_seconds, 3),
        calls=standing.health.calls,
        success=None if standing.health.success is None else round(standing.health.success, 4),
        p50_ms=standing.health.p50_ms,
        p95_ms=standing.health.p95_ms,
        quiet_seconds=round(standing.room.quiet_seconds, 3),
        free_per_second=free.get(1),
        free_per_minute=free.get(60),
        free_per_hour=free.get(3600),
        last_success_at=standing.last_success_at,
        last_failure_at=standing.last_failure_at,
        last_failure_code=standing.last_failure_code or None,
    )


def refuse_live(mode: str, *, caller_mode: str) -> None:
    if mode != "test" and caller_mode == "test":
        raise Problem("forbidden", status=403, detail="A test key works with test accounts only.")


def _refuse_faults(provider: type[Provider], written: Mapping[str, Any]) -> None:
    """Tell everything that is wrong with credentials, field by field, where their provider has a form."""
    if provider.credentials is None:
        return
    try:
        structs.convert(dict(written), provider.credentials, strict=False)
    except msgspec.ValidationError as refusal:
        found = faults_of(dict(written), struct=provider.credentials, refusal=refusal)
        raise invalid(below("/credentials", errors=found)) from None


def _wrong(wrong: WrongCredentials) -> Problem:
    return invalid([FieldError("/credentials", "wrong_credentials", str(wrong))])
