"""`/layouts`: the frames around e-mails."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.etags import etag, expected_revision
from templates_app.api.keeping import check_key, fit, kept, refusals
from templates_app.models import Layout
from templates_app.selectors import all_layouts, find_layout, layouts_of
from templates_app.services.surroundings import LayoutInUse, delete_layout, save_layout
from templates_app.values import LayoutSource
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate_by_name
from tenants.api.problems import conflict, not_found
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import MANAGE, READ

EXAMPLE = {
    "name": "Plain",
    "mjml": "<mjml><mj-body>{{ content }}<mj-section><mj-column><mj-text>{{ brand.address }}</mj-text></mj-column>"
    "</mj-section></mj-body></mjml>",
    "text": "{{ content }}\n\n{{ brand.address }}",
}


class LayoutBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A layout to keep: `{{ content }}` once in each of its texts. `mjml` frames parts in MJML, `html` those in HTML,
    `text` the plain text of both.
    """

    name: Annotated[str, Meta(max_length=200)] = ""
    mjml: Annotated[str, Meta(max_length=131_072)] = ""
    html: Annotated[str, Meta(max_length=131_072)] = ""
    text: Annotated[str, Meta(max_length=32_768)] = ""


class LayoutShown(msgspec.Struct, kw_only=True):
    """A layout. `origin` tells whose it is."""

    key: str
    name: str
    origin: Literal["tenant", "platform"]
    mjml: str
    html: str
    text: str
    revision: int
    created_at: Moment
    updated_at: Moment


class Layouts(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List layouts", answers={200: page_of(LayoutShown)})
    def get(self, request: Request) -> Response:
        """The tenant's and the platform's, by key; one of the tenant's takes the place of the platform's."""
        return Response(paginate_by_name(request, {row.key: _shown(row) for row in all_layouts(self.caller.tenant_id)}))


class LayoutDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get a layout", answers={200: LayoutShown})
    def get(self, request: Request, key: str) -> Response:
        """As it is now."""
        row = find_layout(self.caller.tenant_id, key)
        if row is None:
            raise not_found()
        return Response(_shown(row), headers={"ETag": etag(row.revision if row.tenant_id else 0)})

    @operation(
        "Keep a layout",
        body=LayoutBody,
        answers={200: LayoutShown, 201: LayoutShown},
        problems=(412,),
        located=True,
        example=EXAMPLE,
    )
    def put(self, request: Request, key: str) -> Response:
        """Templates take it when they are published next; what is in use keeps the layout it was published with."""
        body = decode(request, LayoutBody)
        check_key(key)
        with refusals():
            row, created = fit(
                save_layout(
                    key,
                    tenant_id=self.caller.tenant_id,
                    name=body.name or key,
                    source=LayoutSource(mjml=body.mjml, html=body.html, text=body.text),
                    actor=self.caller.actor,
                    at=now(),
                    if_revision=expected_revision(request),
                )
            )
        return kept(request, _shown(row), revision=row.revision, created=created)

    @operation("Delete a layout", answers={204: None}, problems=(409,))
    def delete(self, request: Request, key: str) -> Response:
        """What was published with it keeps it. One that a draft names stays: 409."""
        row = layouts_of(self.caller.tenant_id).filter(key=key).first()
        if row is None:
            raise not_found()
        try:
            delete_layout(row, actor=self.caller.actor, at=now())
        except LayoutInUse as used:
            raise conflict("layout_in_use", detail=str(used)) from used
        return Response(status=204)


def _shown(row: Layout) -> LayoutShown:
    return LayoutShown(
        key=row.key,
        name=row.name,
        origin="tenant" if row.tenant_id else "platform",
        mjml=row.source.get("mjml", ""),
        html=row.source.get("html", ""),
        text=row.source.get("text", ""),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
