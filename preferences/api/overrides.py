"""`/recipients/{id}/overrides`: what is wanted for one person for a while, over their own preferences."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from audience.selectors import recipient_ids
from kernel.clock import now
from preferences.api.checked import check
from preferences.models import Override
from preferences.selectors import overrides_of
from preferences.services.overrides import TooManyOverrides, override, take_back
from preferences.values import PreferencesBody
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate
from tenants.api.problems import FieldError, conflict, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ
from tenants.services import audit

LONGEST = timedelta(days=366)

EXAMPLE = {
    "preferences": {"channels": {"email": False, "sms": True}},
    "until": "2026-12-06T08:00:00Z",
    "note": "on holiday, asked by phone",
}


class OverrideBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A part of a preference document, and the moment from which on it no longer counts."""

    preferences: PreferencesBody
    until: Annotated[datetime, Meta(tz=True)]
    note: Annotated[str, Meta(max_length=200)] = ""


class OverrideShown(msgspec.Struct, kw_only=True, frozen=True):
    """An override that is in force."""

    id: UUID
    preferences: dict[str, Any]
    until: datetime
    note: str
    created_by: str
    created_at: datetime


class RecipientOverrides(TenantView):
    """The overrides of one person."""

    scopes = {"GET": READ, "POST": MANAGE}
    idempotent = True
    max_body_bytes = 131_072

    @operation("List overrides", answers={200: page_of(OverrideShown)}, name="recipients_overrides_list")
    def get(self, request: Request, external_id: str) -> Response:
        """Those that are not over, newest first. The newest counts where two speak of the same."""
        tenant_id = self.caller.tenant_id
        rows = overrides_of(tenant_id=tenant_id, recipient_id=_recipient(tenant_id, external_id), at=now())
        return Response(paginate(request, rows, show=_shown))

    @operation(
        "Override preferences", body=OverrideBody, answers={201: OverrideShown}, problems=(409,), example=EXAMPLE
    )
    def post(self, request: Request, external_id: str) -> Response:
        """From now `until` a moment at most a year away. 409 `too_many_overrides` when fifty are in force."""
        tenant_id, at = self.caller.tenant_id, now()
        recipient_id = _recipient(tenant_id, external_id)
        body = decode(request, OverrideBody)
        if not at < body.until <= at + LONGEST:
            message = f"{body.until.isoformat()} is not in the next {LONGEST.days} days; give a moment that is"
            raise invalid([FieldError("/until", "out_of_range", message)])
        document = msgspec.to_builtins(body.preferences)
        check((document, ("preferences",)))
        try:
            row = override(
                tenant_id=tenant_id,
                recipient_id=recipient_id,
                document=document,
                until=body.until,
                note=body.note,
                actor=self.caller.actor,
                at=at,
            )
        except TooManyOverrides as refusal:
            raise conflict("too_many_overrides", detail=f"{refusal}.") from refusal
        _trail(self, "override.added", row.id, recipient_id, at=at)
        return Response(_shown([row])[0], status=201)


class RecipientOverride(TenantView):
    """One override."""

    scopes = {"DELETE": MANAGE}

    @operation("Take back an override", answers={204: None})
    def delete(self, request: Request, external_id: str, id: UUID) -> Response:
        """The recipient's own preferences count again from now on."""
        tenant_id = self.caller.tenant_id
        recipient_id = _recipient(tenant_id, external_id)
        if not take_back(tenant_id=tenant_id, recipient_id=recipient_id, id=id):
            raise not_found()
        _trail(self, "override.taken_back", id, recipient_id, at=now())
        return Response(status=204)


def _recipient(tenant_id: UUID, external_id: str) -> UUID:
    found = recipient_ids(tenant_id=tenant_id, external_ids=(external_id,))
    if external_id not in found:
        raise not_found()
    return found[external_id]


def _trail(view: TenantView, action: str, id: UUID, recipient_id: UUID, *, at: datetime) -> None:
    caller = view.caller
    detail = {"recipient": str(recipient_id)}
    audit(caller.tenant_id, actor=caller.actor, action=action, object=f"override:{id}", detail=detail, at=at)


def _shown(rows: Sequence[Override]) -> list[OverrideShown]:
    return [
        OverrideShown(
            id=row.id,
            preferences=row.document,
            until=row.until,
            note=row.note,
            created_by=row.created_by,
            created_at=row.created_at,
        )
        for row in rows
    ]
