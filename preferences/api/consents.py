"""`/recipients/{id}/consents` and `/consents`: what people agreed to, word by word; nothing is ever changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import django_filters
import msgspec
from django.conf import settings
from django.db.models import QuerySet
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from audience.rules.addresses import BadAddress
from audience.rules.endpoints import address_kinds
from audience.selectors import external_ids, recipient_ids
from kernel.clock import now
from preferences.address_hash import Contact, hash_of
from preferences.api.consent_shapes import (
    BulkConsentsBody,
    ConsentInput,
    ConsentNow,
    ConsentsBody,
    ConsentShown,
    ConsentsRecorded,
    ConsentsShown,
)
from preferences.catalogue import channel_names
from preferences.models import Consent
from preferences.rules.consent import EVERY_CHANNEL
from preferences.selectors_consents import consent_state_of, proofs_of
from preferences.services.consents import NewConsent, record_consents
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ

MOST_PROOF_BYTES = 16_384

EXAMPLE = {
    "purpose": "marketing",
    "channel": "sms",
    "state": "given",
    "text_version": "checkout-2026-03",
    "proof": {"form": "checkout", "box": "ticked by hand"},
}


class ConsentFilter(django_filters.FilterSet):
    purpose = django_filters.CharFilter(help_text="Exactly this purpose.")
    channel = django_filters.CharFilter(help_text="Exactly this channel; `all` is one, too.")
    state = django_filters.ChoiceFilter(choices=Consent.State.choices, help_text="Exactly this state.")
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", help_text="Said then or later.")

    class Meta:
        model = Consent
        fields: tuple[str, ...] = ()


class ConsentSearch(ConsentFilter):
    """An address finds what was said by whoever had it, also after they were erased."""

    address = django_filters.CharFilter(
        method="of_address", help_text="Given for this address; needs `address_channel`."
    )
    address_channel = django_filters.CharFilter(method="ignored", help_text="The channel of `address`, such as sms.")

    def of_address(self, rows: QuerySet[Consent], name: str, value: str) -> QuerySet[Consent]:
        channel = self.data.get("address_channel", "")
        if channel not in address_kinds:
            return rows.none()
        try:
            address, _ = address_kinds.get(channel).read(value, frozenset(settings.EGRESS_ALLOW))
        except BadAddress:
            return rows.none()
        tenant_ids = rows.values_list("tenant_id", flat=True)[:1]  # all rows are of one tenant
        hashes = [hash_of(Contact(tenant_id, channel, address)) for tenant_id in tenant_ids]
        return rows.filter(address_hashes__contains=hashes) if hashes else rows.none()

    def ignored(self, rows: QuerySet[Consent], name: str, value: str) -> QuerySet[Consent]:
        return rows


class RecipientConsents(TenantView):
    scopes = {"GET": READ, "POST": MANAGE}
    idempotent = True
    max_body_bytes = 2_097_152

    @operation("Read a recipient's consents", answers={200: ConsentsShown}, query=ConsentFilter)
    def get(self, request: Request, external_id: str) -> Response:
        """`current` is everything they stand by now; `results` the records, as the query asks for."""
        recipient_id = _known(self.caller.tenant_id, [external_id]).get(external_id)
        if recipient_id is None:
            raise not_found()
        rows = Consent.objects.filter(tenant_id=self.caller.tenant_id, recipient_id=recipient_id)
        page = paginate(request, filtered(request, rows, by=ConsentFilter), show=_shown)
        current = [
            ConsentNow(purpose=said.purpose, channel=said.channel, state=_state(given=said.given), at=said.at)
            for said in consent_state_of(recipient_id)
        ]
        return Response(ConsentsShown(current=current, **page))

    @operation("Record consents", body=ConsentsBody, answers={201: ConsentsRecorded}, example=EXAMPLE)
    def post(self, request: Request, external_id: str) -> Response:
        """A withdrawal holds from the answer on, also for messages that were planned before. A record of an older
        moment than the newest one is kept and changes nothing."""
        given, pointers = _given(decode(request, ConsentsBody))
        recipient_id = _known(self.caller.tenant_id, [external_id]).get(external_id)
        if recipient_id is None:
            raise not_found()
        at = now()
        _check(given, pointers, at=at)
        wanted = [_new(one, recipient_id, at=at) for one in given]
        rows = record_consents(self.caller.tenant_id, wanted, actor=self.caller.actor, at=at)
        return Response(ConsentsRecorded(results=_shown(rows)), status=201)


class BulkConsents(TenantView):
    scopes = {"POST": MANAGE}
    idempotent = True
    max_body_bytes = 16_777_216

    @operation(
        "Record consents of many recipients",
        body=BulkConsentsBody,
        answers={201: ConsentsRecorded},
        example={"consents": [{"recipient": "user-456", "source": "import", "at": "2025-03-01T09:00:00Z", **EXAMPLE}]},
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 at once, for example from the system that kept them before."""
        given, at = decode(request, BulkConsentsBody).consents, now()
        pointers = [f"/consents/{index}" for index in range(len(given))]
        ids = _known(self.caller.tenant_id, [one.recipient for one in given])
        strangers = [
            FieldError(f"{pointer}/recipient", "unknown_recipient", f"nobody is known as '{one.recipient[:80]}'")
            for one, pointer in zip(given, pointers, strict=True)
            if one.recipient not in ids
        ]
        _check(given, pointers, at=at, more=strangers)
        wanted = [_new(one, ids[one.recipient], at=at) for one in given]
        rows = record_consents(self.caller.tenant_id, wanted, actor=self.caller.actor, at=at)
        return Response(ConsentsRecorded(results=_shown(rows)), status=201)


class Consents(TenantView):
    scopes = {"GET": READ}

    @operation("Find consents", answers={200: page_of(ConsentShown)}, query=ConsentSearch)
    def get(self, request: Request) -> Response:
        """Everybody's, newest first. Who was erased is found by an address alone: only its keyed hash is kept."""
        rows = Consent.objects.filter(tenant_id=self.caller.tenant_id)
        return Response(paginate(request, filtered(request, rows, by=ConsentSearch), show=_shown))


def _known(tenant_id: UUID, names: Sequence[str]) -> Mapping[str, UUID]:
    return recipient_ids(tenant_id=tenant_id, external_ids=names)


def _given(body: ConsentsBody) -> tuple[Sequence[ConsentInput], Sequence[str]]:
    """The words of a body and where each of them stands, whichever of its two forms it has. Raises `Problem` 422."""
    if body.consents is not UNSET:
        if body.purpose is not UNSET or body.state is not UNSET:
            raise invalid([FieldError("/consents", "contradiction", "beside purpose or state; give one form")])
        return body.consents, [f"/consents/{index}" for index in range(len(body.consents))]
    if body.purpose is UNSET or body.state is UNSET:
        missing = "purpose" if body.purpose is UNSET else "state"
        raise invalid([FieldError(f"/{missing}", "required", "is missing; give purpose and state, or consents")])
    alone = ConsentInput(
        purpose=body.purpose,
        channel=body.channel,
        state=body.state,
        text_version=body.text_version,
        source=body.source,
        proof=body.proof,
        at=body.at,
    )
    return [alone], [""]


def _check(
    given: Sequence[ConsentInput], pointers: Sequence[str], *, at: datetime, more: Sequence[FieldError] = ()
) -> None:
    """Raises `Problem` 422 with everything that is wrong."""
    known, errors = channel_names(), list(more)
    for one, pointer in zip(given, pointers, strict=True):
        if known and one.channel not in (*known, EVERY_CHANNEL):
            what = f"no channel '{one.channel}'; known: {', '.join(known)}, and {EVERY_CHANNEL}"
            errors.append(FieldError(f"{pointer}/channel", "unknown_channel", what))
        if one.at is not None and one.at > at:
            errors.append(FieldError(f"{pointer}/at", "in_future", "nobody has said it yet; give a moment in the past"))
        if (size := len(msgspec.json.encode(one.proof))) > MOST_PROOF_BYTES:
            what = f"has {size} bytes; up to {MOST_PROOF_BYTES} are kept"
            errors.append(FieldError(f"{pointer}/proof", "too_long", what))
    if errors:
        raise invalid(errors)


def _new(one: ConsentInput, recipient_id: UUID, *, at: datetime) -> NewConsent:
    return NewConsent(
        recipient_id=recipient_id,
        purpose=one.purpose,
        channel=one.channel,
        given=one.state == "given",
        text_version=one.text_version,
        source=one.source,
        at=one.at or at,
        proof=one.proof,
    )


def _shown(rows: Sequence[Consent]) -> list[ConsentShown]:
    names, proofs = external_ids(row.recipient_id for row in rows), proofs_of(rows)
    return [
        ConsentShown(
            id=row.id,
            recipient=names.get(row.recipient_id),
            purpose=row.purpose,
            channel=row.channel,
            state=row.state,
            text_version=row.text_version,
            source=row.source,
            actor=row.actor,
            proof=proofs.get(row.id),
            at=row.at,
            recorded_at=row.recorded_at,
        )
        for row in rows
    ]


def _state(*, given: bool) -> str:
    return str(Consent.State.GIVEN if given else Consent.State.WITHDRAWN)
