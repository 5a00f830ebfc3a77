"""`/digests`: what is gathered for whom, and how to close it early, take something back or say it differently."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from audience.models import Recipient
from audience.selectors import external_ids
from kernel.clock import now
from orchestrator.models import Digest, DigestItem
from orchestrator.services.digests_changing import close_early, say_differently, take_back
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import filtered, paginate
from tenants.api.problems import conflict, not_found
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import MANAGE, READ

Status = Literal["open", "closing", "closed"]
_STATUS: dict[str, Status] = {"open": "open", "closing": "closing", "closed": "closed"}
MOST_ITEMS = 1000  # shown of one digest


class DigestShown(Struct, kw_only=True):
    """A digest. `closes_at` moves while items join a sliding one. `notification` told it, when it was told as one.

    `outcome` of a closed one: `together`, `one_by_one` (fewer than `min_items`, or without words for a digest) or
    `nothing` (every item was left out).
    """

    id: UUID
    recipient: str | None
    type: str
    name: str
    key: str
    mode: Literal["live", "test"]
    status: Status
    count: int
    opened_at: Moment
    closes_at: Moment
    closed_at: Moment | None
    outcome: str
    notification: UUID | None


class DigestItemShown(Struct, kw_only=True):
    """A message in a digest. `left_out`: why it is not told, a reason code; `sent_as`: it went out by itself."""

    notification: UUID
    at: Moment
    expires_at: Moment | None
    data: dict[str, Any]
    left_out: str
    sent_as: UUID | None


class DigestDetailShown(DigestShown, kw_only=True):
    """A digest with its items in the order of their acceptance, the first thousand."""

    items: list[DigestItemShown]


class ItemBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to be said of an item instead."""

    data: dict[str, Any]


class DigestFilter(django_filters.FilterSet):
    """Digests by whom they are for and how they stand."""

    recipient = django_filters.CharFilter(method="by_recipient", help_text="your own id of the person")
    status = django_filters.ChoiceFilter(field_name="state", choices=[(state, state) for state in _STATUS])
    type = django_filters.CharFilter()
    key = django_filters.CharFilter()

    class Meta:
        model = Digest
        fields: tuple[str, ...] = ()

    def by_recipient(self, rows: QuerySet[Digest], _name: str, external_id: str) -> QuerySet[Digest]:
        person = Recipient.objects.filter(external_id=external_id).values_list("id", flat=True).first()
        return rows.filter(recipient_id=person) if person else rows.none()


class Digests(TenantView):
    """The tenant's digests."""

    scopes = {"GET": READ}

    @operation("List digests", answers={200: page_of(DigestShown)}, query=DigestFilter)
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = filtered(request, Digest.objects.filter(tenant_id=self.caller.tenant_id), by=DigestFilter)
        return Response(paginate(request, rows, show=digests_shown))


class DigestDetail(TenantView):
    """One digest."""

    scopes = {"GET": READ}

    @operation("Get a digest", answers={200: DigestDetailShown})
    def get(self, request: Request, id: UUID) -> Response:
        """With its items."""
        digest = get_object_or_404(Digest, tenant_id=self.caller.tenant_id, id=id)
        items = DigestItem.objects.filter(tenant_id=digest.tenant_id, digest_id=id).order_by("notification_id")
        (shown,) = digests_shown([digest])
        facts = {name: getattr(shown, name) for name in DigestShown.__struct_fields__}
        return Response(DigestDetailShown(**facts, items=[item_shown(item) for item in items[:MOST_ITEMS]]))


class DigestClose(TenantView):
    """Closing it early."""

    scopes = {"POST": MANAGE}

    @operation("Close a digest", answers={200: DigestShown})
    def post(self, request: Request, id: UUID) -> Response:
        """What is there is told at once and nothing else joins. Closing again changes nothing."""
        digest = close_early(id, tenant_id=self.caller.tenant_id, actor=self.caller.actor, at=now())
        if digest is None:
            raise not_found()
        return Response(digests_shown([digest])[0])


class DigestItemDetail(TenantView):
    """One item of a digest that has not closed."""

    scopes = {"PUT": MANAGE, "DELETE": MANAGE}

    @operation("Change an item of a digest", body=ItemBody, answers={200: DigestItemShown}, problems=(409,))
    def put(self, request: Request, id: UUID, notification: UUID) -> Response:
        """Says it with other data; the notification itself stays as it was accepted. 409 when it does not wait."""
        self._known(id, notification)
        caller, said = self.caller, decode(request, ItemBody)
        item = say_differently(
            id, notification, tenant_id=caller.tenant_id, data=said.data, actor=caller.actor, at=now()
        )
        if item is None:
            raise _over()
        return Response(item_shown(item))

    @operation("Take an item out of a digest", answers={204: None}, problems=(409,))
    def delete(self, request: Request, id: UUID, notification: UUID) -> Response:
        """It is not told. Cancelling its notification does the same. 409 when it does not wait any more."""
        self._known(id, notification)
        caller = self.caller
        taken = take_back(
            [notification], tenant_id=caller.tenant_id, why="retracted", digest_id=id, actor=caller.actor, at=now()
        )
        if not taken:
            raise _over()
        return Response(status=204)

    def _known(self, id: UUID, notification: UUID) -> None:
        items = DigestItem.objects.filter(tenant_id=self.caller.tenant_id, digest_id=id, notification_id=notification)
        if not items.exists():
            raise not_found()


def digests_shown(rows: Sequence[Digest]) -> list[DigestShown]:
    """Digests as answers: one more statement for a whole page."""
    names = external_ids({row.recipient_id for row in rows})
    return [
        DigestShown(
            id=row.id,
            recipient=names.get(row.recipient_id),
            type=row.type,
            name=row.name,
            key=row.key,
            mode="test" if row.mode == "test" else "live",
            status=_STATUS[row.state],
            count=row.count,
            opened_at=row.opened_at,
            closes_at=row.closes_at,
            closed_at=row.closed_at,
            outcome=row.outcome,
            notification=row.notification_id,
        )
        for row in rows
    ]


def item_shown(item: DigestItem) -> DigestItemShown:
    return DigestItemShown(
        notification=item.notification_id,
        at=item.at,
        expires_at=item.expires_at,
        data=item.data,
        left_out=item.left_out,
        sent_as=item.sent_as,
    )


def _over() -> Exception:
    return conflict("digest_item_over", detail="It is closed, or the item was left out; there is nothing to change.")
