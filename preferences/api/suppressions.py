"""`/suppressions`: addresses that nothing is sent to; looked up by address, added by hand, lifted with a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import django_filters
import msgspec
from django.conf import settings
from django.db.models import QuerySet
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from audience.rules.addresses import BadAddress
from audience.rules.endpoints import address_kinds
from kernel.clock import now
from preferences.address_hash import Contact, hash_of
from preferences.models import Suppression
from preferences.rules import Reason
from preferences.services import NewSuppression, lift, suppress
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, Problem, conflict, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ
from tenants.services import audit

MOST_AT_ONCE = 1000

Word = Annotated[str, Meta(min_length=1, max_length=100)]
Why = Annotated[str, Meta(min_length=1, max_length=200)]
Scope = Annotated[str, Meta(pattern="^(|(category|type):.{1,100})$", examples=["category:marketing"])]


class SuppressionInput(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An address to suppress. Without `scope` it is everything on the channel."""

    channel: Annotated[str, Meta(examples=["email"])]
    address: Annotated[str, Meta(min_length=1, max_length=2048, examples=["ana@example.org"])]
    scope: Scope = ""
    note: Annotated[str, Meta(max_length=200)] = ""


class SuppressionsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One suppression, or many in `suppressions`."""

    channel: str | UnsetType = UNSET
    address: Annotated[str, Meta(min_length=1, max_length=2048)] | UnsetType = UNSET
    scope: Scope | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    suppressions: Annotated[list[SuppressionInput], Meta(min_length=1, max_length=MOST_AT_ONCE)] | UnsetType = UNSET


class LiftBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is lifted: whoever asks later reads it."""

    reason: Why


class SuppressionShown(msgspec.Struct, kw_only=True, frozen=True):
    """A suppression; of the address only what tells it to those who know it. In force while `lifted_at` is null."""

    id: UUID
    channel: str
    address: str
    scope: str
    reason: str
    source: str
    note: str
    created_at: datetime
    lifted_at: datetime | None
    lifted_by: str
    lift_reason: str


class SuppressionsAdded(msgspec.Struct, kw_only=True, frozen=True):
    """What is in force since this request; addresses that were suppressed by hand before are left out."""

    results: Sequence[SuppressionShown]


class SuppressionFilter(django_filters.FilterSet):
    """An address is compared in normal form and by its hash: lists never show it, and it is found all the same."""

    channel = django_filters.CharFilter(help_text="Exactly this channel.")
    reason = django_filters.ChoiceFilter(choices=[(r.value, r.value) for r in Reason], help_text="Exactly this reason.")
    scope = django_filters.CharFilter(help_text="Exactly this scope, such as category:marketing.")
    address = django_filters.CharFilter(method="of_address", help_text="Of this address; needs `channel`.")
    in_force = django_filters.ChoiceFilter(
        choices=(("true", "true"), ("false", "false")), method="still", help_text="`false`: those that were lifted."
    )
    created_after = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Added at this moment or later."
    )
    created_before = django_filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="lt", help_text="Added before this moment."
    )

    class Meta:
        model = Suppression
        fields: tuple[str, ...] = ()

    def of_address(self, rows: QuerySet[Suppression], name: str, value: str) -> QuerySet[Suppression]:
        read = _normal(self.data.get("channel", ""), value, at="")
        if isinstance(read, FieldError):
            return rows.none()
        tenant_ids = rows.values_list("tenant_id", flat=True)[:1]  # all rows are of one tenant
        return rows.filter(address_hash__in=[hash_of(Contact(tenant_id, *read)) for tenant_id in tenant_ids])

    def still(self, rows: QuerySet[Suppression], name: str, value: str) -> QuerySet[Suppression]:
        return rows.filter(lifted_at__isnull=value == "true")


class Suppressions(TenantView):
    scopes = {"GET": READ, "POST": MANAGE}
    idempotent = True

    @operation("List suppressions", answers={200: page_of(SuppressionShown)}, query=SuppressionFilter)
    def get(self, request: Request) -> Response:
        """Newest first, lifted ones too. What holds for all tenants of the platform is heeded and not shown."""
        rows = Suppression.objects.filter(tenant_id=self.caller.tenant_id)
        found = filtered(request, rows, by=SuppressionFilter)
        return Response(paginate(request, found, show=lambda page: [_shown(row) for row in page]))

    @operation(
        "Suppress addresses",
        body=SuppressionsBody,
        answers={201: SuppressionsAdded},
        example={"channel": "email", "address": "ana@example.org", "note": "asked by phone"},
    )
    def post(self, request: Request) -> Response:
        """From the answer on no send to them begins, whatever its category. The same address twice is no error."""
        given = _given(decode(request, SuppressionsBody))
        at, tenant_id = now(), self.caller.tenant_id
        wanted = [
            NewSuppression(Contact(tenant_id, channel, address), Reason.MANUAL, one.scope, one.note)
            for one, (channel, address) in zip(given, _all_normal(given), strict=True)
        ]
        fresh = suppress(wanted, source=self.caller.actor, at=at)
        if fresh:
            found = f"suppression:{fresh[0]}" if len(fresh) == 1 else "suppressions"
            detail = {"number": len(fresh)}
            audit(tenant_id, actor=self.caller.actor, action="suppression.added", object=found, detail=detail, at=at)
        rows = Suppression.objects.filter(tenant_id=tenant_id, id__in=fresh).order_by("id")
        return Response(SuppressionsAdded(results=[_shown(row) for row in rows]), status=201)


class LiftSuppression(TenantView):
    scopes = {"POST": MANAGE}
    idempotent = True

    @operation(
        "Lift a suppression",
        body=LiftBody,
        answers={200: SuppressionShown},
        problems=(404, 409),
        example={"reason": "the mailbox exists again"},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Others for the same address stay in force. 409 `already_lifted` when it was lifted before."""
        body, at = decode(request, LiftBody), now()
        rows = Suppression.objects.filter(tenant_id=self.caller.tenant_id, id=id)
        if not rows.exists():
            raise not_found()
        if not lift([id], actor=self.caller.actor, why=body.reason, at=at):
            raise conflict("already_lifted", detail="This suppression was lifted before.")
        audit(
            self.caller.tenant_id,
            actor=self.caller.actor,
            action="suppression.lifted",
            object=f"suppression:{id}",
            detail={"why": body.reason},
            at=at,
        )
        return Response(_shown(rows.get()))


def _given(body: SuppressionsBody) -> list[SuppressionInput]:
    """The suppressions of a body, whichever of its two forms it has. Raises `Problem` 422."""
    alone = [name for name in ("channel", "address", "scope", "note") if getattr(body, name) is not UNSET]
    if body.suppressions is not UNSET:
        if alone:
            raise _wrong("/suppressions", "contradiction", f"beside {', '.join(alone)}; give one form or the other")
        return body.suppressions
    if body.channel is UNSET or body.address is UNSET:
        missing = "channel" if body.channel is UNSET else "address"
        raise _wrong(f"/{missing}", "required", "is missing; give channel and address, or suppressions")
    return [
        SuppressionInput(
            channel=body.channel,
            address=body.address,
            scope="" if body.scope is UNSET else body.scope,
            note="" if body.note is UNSET else body.note,
        )
    ]


def _all_normal(given: Sequence[SuppressionInput]) -> list[tuple[str, str]]:
    """(channel, address) in normal form. Raises `Problem` 422 with everything that is wrong."""
    read = [
        _normal(one.channel, one.address, at=f"/suppressions/{index}" if len(given) > 1 else "")
        for index, one in enumerate(given)
    ]
    if errors := [one for one in read if isinstance(one, FieldError)]:
        raise invalid(errors)
    return [one for one in read if not isinstance(one, FieldError)]


def _normal(channel: str, address: str, *, at: str) -> tuple[str, str] | FieldError:
    if channel not in address_kinds:
        known = ", ".join(address_kinds.keys())
        return FieldError(f"{at}/channel", "unknown_channel", f"no channel '{channel[:32]}' with addresses; {known}")
    try:
        read, _ = address_kinds.get(channel).read(address, frozenset(settings.EGRESS_ALLOW))
    except BadAddress as bad:
        return FieldError(f"{at}/address", bad.code, bad.message)
    return channel, read


def _wrong(pointer: str, code: str, message: str) -> Problem:
    return invalid([FieldError(pointer, code, message)])


def _shown(row: Suppression) -> SuppressionShown:
    return SuppressionShown(
        id=row.id,
        channel=row.channel,
        address=row.address_masked,
        scope=row.scope,
        reason=row.reason,
        source=row.source,
        note=row.note,
        created_at=row.created_at,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lift_reason=row.lift_reason,
    )
