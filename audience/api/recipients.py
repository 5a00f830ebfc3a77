"""Routes of people: `/recipients`, what lies below each of them, and many at once."""

from typing import Annotated
from uuid import UUID

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta
from rest_framework.request import Request
from rest_framework.response import Response

from audience import tokens
from audience.api.filters import InboxFilter, RecipientFilter
from audience.api.inbox_pages import inbox_page
from audience.api.shapes import (
    EndpointShown,
    FieldErrorShown,
    RecipientResult,
    RecipientShown,
    RecipientsKept,
    TokenShown,
    endpoint_shown,
    field_errors,
    recipient_shown,
)
from audience.messages import InboxItemShown
from audience.models import Endpoint, Recipient
from audience.rules.profiles import read_profile
from audience.selectors import inbox_of, recipient
from audience.services import Kept, erase, forget_endpoint, merge_recipients, replace_recipients
from audience.values import BULK_LIMIT, Profile, RecipientBody, RecipientChange, RecipientInput
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode, decode_optional, judge
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.services import audit

ANA = {
    "email": "ana@example.org",
    "phone": "+33612345678",
    "locale": "fr",
    "timezone": "Europe/Paris",
    "attributes": {"plan": "pro"},
    "endpoints": [{"channel": "push", "kind": "fcm", "address": "fcm-registration-token", "label": "Ana's phone"}],
}


class ManyRecipients(msgspec.Struct, forbid_unknown_fields=True):
    """People to create or to add to."""

    recipients: Annotated[list[RecipientInput], Meta(min_length=1, max_length=BULK_LIMIT)]


class _RawManyRecipients(msgspec.Struct, forbid_unknown_fields=True):
    """The same, each item judged on its own."""

    recipients: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=BULK_LIMIT)]


class TokenBody(msgspec.Struct, forbid_unknown_fields=True):
    """How long the token opens the inbox."""

    expires_in_seconds: Annotated[int, Meta(ge=60, le=tokens.MAX_SECONDS)] = tokens.DEFAULT_SECONDS


def profile_or_faults(given: RecipientChange, *, external_id: str, pointer: str = "") -> Profile | list[FieldError]:
    read = read_profile(given, external_id=external_id, pointer=pointer, plain_http=frozenset(settings.EGRESS_ALLOW))
    return read if isinstance(read, Profile) else field_errors(read)


class RecipientsView(TenantView):
    scopes = {"GET": "read"}

    @operation("List recipients", answers={200: page_of(RecipientShown)}, query=RecipientFilter)
    def get(self, request: Request) -> Response:
        """Newest first."""
        everybody = Recipient.objects.filter(tenant_id=self.caller.tenant_id).prefetch_related("endpoints")
        rows = filtered(request, everybody, by=RecipientFilter)
        return Response(paginate(request, rows, show=lambda page: [recipient_shown(row) for row in page]))


class _OfRecipient(TenantView):
    """A route below one person."""

    def recipient(self) -> Recipient:
        """The person the URL names. Raises `Problem` 404."""
        row = recipient(tenant_id=self.caller.tenant_id, external_id=self.kwargs["external_id"])
        if row is None:
            raise not_found()
        return row


class RecipientView(_OfRecipient):
    scopes = {"GET": "read", "PUT": "manage", "PATCH": "manage", "DELETE": "manage"}

    @operation("Get a recipient", answers={200: RecipientShown})
    def get(self, request: Request, external_id: str) -> Response:
        return Response(recipient_shown(self.recipient()))

    @operation(
        "Create or replace a recipient",
        body=RecipientBody,
        answers={200: RecipientShown, 201: RecipientShown},
        example=ANA,
        located=True,
    )
    def put(self, request: Request, external_id: str) -> Response:
        """Says everything about a person: what is left out is taken away. Of an endpoint that is named again its
        secret survives. 201 when the person is new."""
        kept = replace_recipients(
            tenant_id=self.caller.tenant_id, profiles=[self._profile(request, external_id)], at=now()
        )
        created = external_id in kept.created
        return Response(
            recipient_shown(self.recipient()),
            status=201 if created else 200,
            headers={"Location": request.path} if created else None,
        )

    @operation("Change a recipient", body=RecipientBody, answers={200: RecipientShown}, example={"locale": "de-AT"})
    def patch(self, request: Request, external_id: str) -> Response:
        """Adds to what is known: what is left out stays, `null` takes away. `email` and `phone` replace the one there
        was, `endpoints` and `attributes` are added to (an attribute that is `null` is removed)."""
        profile = self._profile(request, external_id)
        self.recipient()
        merge_recipients(tenant_id=self.caller.tenant_id, profiles=[profile], at=now())
        return Response(recipient_shown(self.recipient()))

    @operation("Erase a recipient", answers={204: None})
    def delete(self, request: Request, external_id: str) -> Response:
        """The person, their endpoints and their inbox are gone; the ledger keeps an id that names nobody.
        Erasing somebody who is not there is a success too."""
        erase(tenant_id=self.caller.tenant_id, external_id=external_id, actor=self.caller.actor, at=now())
        return Response(status=204)

    def _profile(self, request: Request, external_id: str) -> Profile:
        body = decode(request, RecipientBody)
        if body.id is not UNSET and body.id != external_id:
            raise invalid(
                [FieldError("/id", "id_mismatch", "is not the id in the URL; leave it out or repeat that one")]
            )
        profile = profile_or_faults(body, external_id=external_id)
        if isinstance(profile, Profile):
            return profile
        raise invalid(profile)


class RecipientsBulkView(TenantView):
    scopes = {"POST": "manage"}
    idempotent = True
    max_body_bytes = 16_777_216

    @operation(
        "Create or change many recipients",
        body=ManyRecipients,
        answers={200: RecipientsKept},
        example={"recipients": [{"id": "user-456", **ANA}, {"id": "user-457", "locale": "de"}]},
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 people, each kept or refused on its own, in the way of PATCH: what is left out stays."""
        items = decode(request, _RawManyRecipients).recipients
        judged = [self._judged(item, index=index) for index, item in enumerate(items)]
        kept = merge_recipients(
            tenant_id=self.caller.tenant_id,
            profiles=[profile for profile in judged if isinstance(profile, Profile)],
            at=now(),
        )
        return Response(RecipientsKept(results=[_result(i, item, kept=kept) for i, item in enumerate(judged)]))

    def _judged(self, item: msgspec.Raw, *, index: int) -> Profile | list[FieldError]:
        pointer = f"/recipients/{index}"
        match judge(item, struct=RecipientInput):
            case RecipientInput() as given:
                return profile_or_faults(given, external_id=given.id, pointer=pointer)
            case errors:
                return [FieldError(f"{pointer}{error.pointer}", error.code, error.message) for error in errors]


def _result(index: int, item: Profile | list[FieldError], *, kept: Kept) -> RecipientResult:
    if isinstance(item, Profile):
        status = "created" if item.external_id in kept.created else "updated"
        return RecipientResult(index=index, id=item.external_id, status=status)
    errors = [FieldErrorShown(pointer=e.pointer, code=e.code, message=e.message) for e in item]
    return RecipientResult(index=index, id=None, status="refused", errors=errors)


class EndpointsView(_OfRecipient):
    scopes = {"GET": "read"}

    @operation("List a recipient's endpoints", answers={200: page_of(EndpointShown)})
    def get(self, request: Request, external_id: str) -> Response:
        """Disabled ones too, newest first."""
        rows = Endpoint.objects.filter(tenant_id=self.caller.tenant_id, recipient=self.recipient())
        return Response(paginate(request, rows, show=lambda page: [endpoint_shown(row) for row in page]))


class EndpointView(_OfRecipient):
    scopes = {"DELETE": "manage"}

    @operation("Forget an endpoint", answers={204: None})
    def delete(self, request: Request, external_id: str, endpoint_id: UUID) -> Response:
        """For example the token of a device that logged out. Forgetting it twice is a success too."""
        forget_endpoint(tenant_id=self.caller.tenant_id, recipient_id=self.recipient().id, endpoint_id=endpoint_id)
        return Response(status=204)


class RecipientTokenView(_OfRecipient):
    scopes = {"POST": "manage"}

    @operation("Issue a recipient token", body=TokenBody, body_required=False, answers={201: TokenShown})
    def post(self, request: Request, external_id: str) -> Response:
        """For the person's own device: it opens their inbox and preferences alone, and cannot be taken back."""
        at, body, owner = now(), decode_optional(request, TokenBody), self.recipient()
        token = tokens.issue(self.caller.tenant_id, owner.id, seconds=body.expires_in_seconds, at=at)
        audit(
            self.caller.tenant_id,
            actor=self.caller.actor,
            action="recipient.token_issued",
            object=f"recipient:{owner.id}",
            detail={"expires_in_seconds": body.expires_in_seconds},
            at=at,
        )
        return Response(
            TokenShown(token=token.text, expires_at=token.expires_at), status=201, headers={"Cache-Control": "no-store"}
        )


class RecipientInboxView(_OfRecipient):
    scopes = {"GET": "read"}

    @operation("Read a recipient's inbox", answers={200: page_of(InboxItemShown)}, query=InboxFilter)
    def get(self, request: Request, external_id: str) -> Response:
        """As the person sees it, newest first; looking changes nothing."""
        rows = inbox_of(tenant_id=self.caller.tenant_id, recipient_id=self.recipient().id)
        return Response(inbox_page(request, filtered(request, rows, by=InboxFilter)))
