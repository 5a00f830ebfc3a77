"""Routes of lists of people: `/segments` and their members."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from audience.api.shapes import MemberChangesShown, MemberShown, SegmentShown, segment_shown
from audience.models import Recipient, Segment, SegmentMember
from audience.selectors import segment, segment_sizes
from audience.services import UnknownPeople, change_members, delete_segment, save_segment
from audience.values import BULK_LIMIT
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import Unfiltered, filtered, paginate
from tenants.api.problems import FieldError, Problem, invalid, not_found
from tenants.api.schema import operation, page_of

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_RESERVED = frozenset({"preview"})

Names = Annotated[list[str], Meta(max_length=BULK_LIMIT)]


class SegmentBody(msgspec.Struct, forbid_unknown_fields=True):
    """A list kept by hand. `rule` is for lists that keep themselves."""

    name: Annotated[str, Meta(max_length=200)] = ""
    rule: Any | UnsetType = UNSET


class MembersBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who comes onto the list and who leaves it, by the tenant's own ids."""

    add: Names = []
    remove: Names = []


class SegmentsView(TenantView):
    scopes = {"GET": "read"}

    @operation("List segments", answers={200: page_of(SegmentShown)})
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = filtered(request, Segment.objects.filter(tenant_id=self.caller.tenant_id), by=Unfiltered)
        return Response(paginate(request, rows, show=lambda page: [segment_shown(row) for row in page]))


class _OfSegment(TenantView):
    """A route of one list."""

    def segment(self) -> Segment:
        """The list the URL names. Raises `Problem` 404."""
        row = segment(tenant_id=self.caller.tenant_id, key=self.kwargs["key"])
        if row is None:
            raise not_found()
        return row

    def shown(self, row: Segment) -> SegmentShown:
        _, size = segment_sizes(self.caller.tenant_id, [row.key])[row.key]
        return segment_shown(row, member_count=size)


class SegmentView(_OfSegment):
    scopes = {"GET": "read", "PUT": "manage", "DELETE": "manage"}

    @operation("Get a segment", answers={200: SegmentShown})
    def get(self, request: Request, key: str) -> Response:
        """With the number of its members now."""
        return Response(self.shown(self.segment()))

    @operation(
        "Create or rename a segment",
        body=SegmentBody,
        answers={200: SegmentShown, 201: SegmentShown},
        example={"name": "Our best customers"},
        located=True,
    )
    def put(self, request: Request, key: str) -> Response:
        """Its members stay. Lists that keep themselves by a `rule` are refused: 422 `segment_rules_unsupported`."""
        body = decode(request, SegmentBody)
        _refuse_rule(body)
        _check_key(key)
        row, created = save_segment(tenant_id=self.caller.tenant_id, key=key, name=body.name, at=now())
        return Response(
            self.shown(row),
            status=201 if created else 200,
            headers={"Location": request.path} if created else None,
        )

    @operation("Delete a segment", answers={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """Not the people on it. Deleting it twice is a success too."""
        delete_segment(tenant_id=self.caller.tenant_id, key=key)
        return Response(status=204)


class MembersView(_OfSegment):
    scopes = {"GET": "read", "POST": "manage"}
    idempotent = True

    @operation("List a segment's members", answers={200: page_of(MemberShown)})
    def get(self, request: Request, key: str) -> Response:
        """By when they were first known to us, newest first."""
        row = self.segment()
        people = Recipient.objects.filter(
            memberships__tenant_id=row.tenant_id, memberships__segment_id=row.id, tenant_id=row.tenant_id
        )
        people = filtered(request, people, by=Unfiltered)
        return Response(paginate(request, people, show=lambda page: _members(row, page)))

    @operation(
        "Change a segment's members",
        body=MembersBody,
        answers={200: MemberChangesShown},
        problems=(404,),
        example={"add": ["user-456"], "remove": ["user-457"]},
    )
    def post(self, request: Request, key: str) -> Response:
        """Up to 1,000 ids each. All or nothing: an unknown id in `add` refuses the whole request; one in `remove` is
        simply not on the list."""
        body, row = decode(request, MembersBody), self.segment()
        both = set(body.add) & set(body.remove)
        if both:
            raise invalid(_named(body.add, "/add", both, code="conflicting", says="is in `remove` too; decide for one"))
        try:
            changes = change_members(row, add=body.add, remove=body.remove, at=now())
        except UnknownPeople as unknown:
            errors = _named(
                body.add, "/add", unknown.external_ids, code="recipient_not_found", says="is nobody we know"
            )
            raise invalid(errors) from None
        return Response(MemberChangesShown(added=changes.added, removed=changes.removed))


def _refuse_rule(body: SegmentBody) -> None:
    if body.rule is UNSET:
        return
    message = "segments by rule are not available yet; leave `rule` out and keep the members with POST …/members"
    raise Problem(
        "segment_rules_unsupported",
        status=422,
        title="Segment rules unsupported",
        detail=message,
        errors=[FieldError("/rule", "segment_rules_unsupported", message)],
    )


def _check_key(key: str) -> None:
    if key in _RESERVED or not _KEY.fullmatch(key):
        message = (
            f"'{key[:100]}' cannot name a segment; use 1 to 100 of A-Z a-z 0-9 _ . : - and begin with a letter or digit"
        )
        raise invalid([FieldError("/key", "invalid_key", message)])


def _named(
    names: Sequence[str], pointer: str, which: frozenset[str] | set[str], *, code: str, says: str
) -> list[FieldError]:
    return [
        FieldError(f"{pointer}/{index}", code, f"'{name[:100]}' {says}")
        for index, name in enumerate(names)
        if name in which
    ]


def _members(row: Segment, people: Sequence[Recipient]) -> list[MemberShown]:
    added = dict(
        SegmentMember.objects.filter(
            tenant_id=row.tenant_id, segment_id=row.id, recipient_id__in=[person.id for person in people]
        ).values_list("recipient_id", "added_at")
    )
    return [MemberShown(id=person.external_id, added_at=added[person.id]) for person in people]
