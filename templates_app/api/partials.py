"""`/partials`: named fragments that templates, layouts and other partials render."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.etags import etag, expected_revision
from templates_app.api.keeping import check_key, fit, kept, refusals
from templates_app.api.partial_shapes import EXAMPLE_PARTIAL, PartialBody, PartialHead, PartialShown, UseShown
from templates_app.api.shown import findings_shown
from templates_app.models import Partial, PartialVersion
from templates_app.services.partials import PartialInUse, archive_partial, discard_partial_draft, save_partial
from templates_app.shelving import (
    Heads,
    Use,
    find_partial,
    heads_of_partials,
    live_of_partial,
    partial_of,
    uses_of_partials,
)
from templates_app.values import Finding, PartialSource
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate_by_name
from tenants.api.problems import conflict, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ

Uses = dict[str, list[Use]]


class Partials(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List partials", answers={200: page_of(PartialHead)})
    def get(self, request: Request) -> Response:
        """The tenant's and the platform's, by key; one of the tenant's takes the place of the platform's."""
        uses = uses_of_partials(self.caller.tenant_id)
        shown = _heads(heads_of_partials(None), uses) | _heads(heads_of_partials(self.caller.tenant_id), uses)
        return Response(paginate_by_name(request, shown))


class PartialDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get a partial", answers={200: PartialShown})
    def get(self, request: Request, key: str) -> Response:
        """The draft, or the version in use when nothing is being written; and the templates in use that have it."""
        found = find_partial(self.caller.tenant_id, key)
        if found is None:
            raise not_found()
        row, draft, live = found
        shown = partial_shown(row, draft=draft, live=live, uses=uses_of_partials(self.caller.tenant_id))
        return Response(shown, headers={"ETag": etag(shown.revision)})

    @operation(
        "Write a partial",
        body=PartialBody,
        answers={200: PartialShown, 201: PartialShown},
        problems=(412,),
        located=True,
        example=EXAMPLE_PARTIAL,
    )
    def put(self, request: Request, key: str) -> Response:
        """Keeps a draft; templates get it when it is published, and they after it.

        422 tells every error, each with its line and what would do; warnings are in the answer.
        """
        body = decode(request, PartialBody)
        check_key(key)
        with refusals():
            saved = fit(
                save_partial(
                    key,
                    tenant_id=self.caller.tenant_id,
                    name=body.name or key,
                    source=body.source(),
                    actor=self.caller.actor,
                    at=now(),
                    if_revision=expected_revision(request),
                )
            )
        live, uses = live_of_partial(saved.partial), uses_of_partials(self.caller.tenant_id)
        shown = partial_shown(saved.partial, draft=saved.draft, live=live, uses=uses, warnings=saved.warnings)
        return kept(request, shown, revision=shown.revision, created=saved.created)

    @operation("Take a partial out of use", answers={204: None}, problems=(409,))
    def delete(self, request: Request, key: str) -> Response:
        """The platform's of the same key counts again; what was published with it keeps it. One that a draft, a layout
        or another partial names stays: 409.
        """
        try:
            archive_partial(own_partial(self.caller.tenant_id, key), actor=self.caller.actor, at=now())
        except PartialInUse as used:
            raise conflict("partial_in_use", detail=str(used)) from used
        return Response(status=204)


class PartialDraft(TenantView):
    """What is being written of a partial."""

    scopes = {"DELETE": MANAGE}

    @operation("Discard a draft of a partial", answers={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """The version in use stays. Doing it twice is a success too."""
        discard_partial_draft(own_partial(self.caller.tenant_id, key), actor=self.caller.actor, at=now())
        return Response(status=204)


def own_partial(tenant_id: UUID, key: str) -> Partial:
    """The tenant's own partial. Raises `Problem` 404."""
    found = partial_of(tenant_id, key)
    if found is None:
        raise not_found()
    return found


def partial_shown(
    row: Partial,
    *,
    draft: PartialVersion | None,
    live: PartialVersion | None,
    uses: Uses,
    warnings: Sequence[Finding] = (),
) -> PartialShown:
    """A partial with its words."""
    shown = draft or live
    return PartialShown(
        **_head(row, draft=draft, live=live, uses=uses),
        **words_of(shown),
        revision=draft.revision if draft else 0,
        uses=[UseShown(**{name: getattr(use, name) for name in Use.__slots__}) for use in uses.get(row.key, ())],
        warnings=findings_shown(warnings),
    )


def words_of(version: PartialVersion | None) -> dict[str, Any]:
    """What a version says, field by field."""
    source = version.source if version else {}
    empty = PartialSource()
    return {name: source.get(name, getattr(empty, name)) for name in PartialSource.__struct_fields__}


def _heads(heads: Heads, uses: Uses) -> dict[str, PartialHead]:
    rows, drafts, lives = heads
    return {
        row.key: PartialHead(
            **_head(row, draft=drafts.get(row.id), live=lives.get(row.live_id) if row.live_id else None, uses=uses)
        )
        for row in rows
    }


def _head(row: Partial, *, draft: PartialVersion | None, live: PartialVersion | None, uses: Uses) -> dict[str, Any]:
    used = uses.get(row.key, ())
    return {
        "key": row.key,
        "name": row.name,
        "origin": "tenant" if row.tenant_id else "platform",
        "live_version": live.number if live else None,
        "has_draft": draft is not None,
        "used_by": len(used),
        "outdated": sum(use.outdated for use in used),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
