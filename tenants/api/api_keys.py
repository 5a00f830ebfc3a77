"""`/api-keys`: who may speak for the tenant."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import django_filters
import msgspec
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, Problem, invalid
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.models import ApiKey
from tenants.rules.scopes import ADMIN
from tenants.selectors import keys_of
from tenants.services import issue_key, revoke_key

Mode = Literal["live", "test"]
Scope = Literal["read", "send", "manage", "admin"]


class NewApiKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A key to issue. A `test` key goes the whole way, but to the sandbox."""

    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=4)]
    mode: Mode = "live"
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    expires_at: Moment | None = None


class ApiKeyShown(msgspec.Struct, kw_only=True):
    """A key without its secret. `prefix` is how it begins, to tell it from others."""

    id: UUID
    name: str
    mode: str
    prefix: str
    scopes: list[str]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None


class ApiKeyIssued(msgspec.Struct, kw_only=True):
    """A key just issued. `key` is shown this once and cannot be shown again."""

    id: UUID
    key: str
    name: str
    mode: str
    prefix: str
    scopes: list[str]
    expires_at: Moment | None


class ApiKeyFilter(django_filters.FilterSet):
    """Keys by mode, and whether they still open anything."""

    mode = django_filters.ChoiceFilter(choices=ApiKey.Mode.choices, help_text="live or test")
    revoked = django_filters.BooleanFilter(
        field_name="revoked_at", lookup_expr="isnull", exclude=True, help_text="only revoked ones, or only others"
    )


class ApiKeys(TenantView):
    """The tenant's keys."""

    scopes = {"GET": ADMIN, "POST": ADMIN}

    @operation("List API keys", answers={200: page_of(ApiKeyShown)}, query=ApiKeyFilter)
    def get(self, request: Request) -> Response:
        """Every key, newest first, revoked and expired ones too; never a secret."""
        rows = filtered(request, keys_of(self.caller.tenant_id), by=ApiKeyFilter)
        return Response(paginate(request, rows, show=_shown))

    @operation(
        "Issue an API key",
        body=NewApiKey,
        answers={201: ApiKeyIssued},
        located=True,
        example={"name": "checkout service", "mode": "live", "scopes": ["send"]},
    )
    def post(self, request: Request) -> Response:
        """The answer holds the only copy of the secret there will ever be, so `Idempotency-Key` is not honoured here.

        A test key may issue test keys only.
        """
        asked, at = decode(request, NewApiKey), now()
        if asked.mode != self.caller.mode == "test":
            raise Problem("forbidden", status=403, detail="A test key issues test keys only.")
        if asked.expires_at is not None and asked.expires_at <= at:
            raise invalid([FieldError("/expires_at", "too_small", "expected a moment to come")])
        issued = issue_key(
            self.caller.tenant_id,
            mode=asked.mode,
            scopes=asked.scopes,
            name=asked.name,
            expires_at=asked.expires_at,
            actor=self.caller.actor,
            at=at,
        )
        body = ApiKeyIssued(
            id=issued.id,
            key=issued.text,
            name=asked.name,
            mode=asked.mode,
            prefix=_prefix(issued.mode, issued.public_id),
            scopes=list(issued.scopes),
            expires_at=issued.expires_at,
        )
        return Response(body, status=201, headers={"Location": f"{request.path.rstrip('/')}/{issued.id}"})


class ApiKeyDetail(TenantView):
    """One key."""

    scopes = {"GET": ADMIN, "DELETE": ADMIN}

    @operation("Get an API key", answers={200: ApiKeyShown})
    def get(self, request: Request, id: UUID) -> Response:
        """Everything but the secret."""
        return Response(_shown([get_object_or_404(keys_of(self.caller.tenant_id), id=id)])[0])

    @operation("Revoke an API key", answers={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Refused everywhere within a second. Revoking twice changes nothing."""
        revoke_key(get_object_or_404(keys_of(self.caller.tenant_id), id=id), actor=self.caller.actor, at=now())
        return Response(status=204)


def _shown(rows: Sequence[ApiKey]) -> list[ApiKeyShown]:
    return [
        ApiKeyShown(
            id=row.id,
            name=row.name,
            mode=row.mode,
            prefix=_prefix(row.mode, row.public_id),
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )
        for row in rows
    ]


def _prefix(mode: str, public_id: str) -> str:
    return f"crl_{mode}_{public_id}"
