"""`/partials/{key}/publish`, `/republish`, `/preview` and `/versions`: what templates get, and which have it."""

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.etags import expected_revision
from templates_app.api.keeping import fit, refusals
from templates_app.api.partial_shapes import (
    PartialPreviewBody,
    PartialPreviewShown,
    PartialPublishBody,
    PartialPublished,
    PartialVersionHead,
    PartialVersionShown,
    Republication,
    RepublishBody,
    RepublishedShown,
)
from templates_app.api.partials import own_partial, words_of
from templates_app.api.shown import findings_shown
from templates_app.models import PartialVersion
from templates_app.services.canaries import CanaryRunning
from templates_app.services.drafts import Unfit
from templates_app.services.partial_previews import preview_partial
from templates_app.services.partials import publish_partial
from templates_app.services.previews import NotThere
from templates_app.services.publishing import Published
from templates_app.services.republishing import Republished, republish
from templates_app.shelving import find_partial, uses_of_partials, versions_of_partial
from tenants.api.base import TenantView
from tenants.api.bodies import decode_optional
from tenants.api.pages import paginate
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ


class PartialPublish(TenantView):
    """The draft becomes what templates get."""

    scopes = {"POST": MANAGE}

    @operation(
        "Publish a partial",
        body=PartialPublishBody,
        body_required=False,
        answers={200: PartialPublished},
        problems=(404, 409, 412),
        example={"note": "Rounder corners"},
    )
    def post(self, request: Request, key: str) -> Response:
        """It is filled in with its example data first; 422 tells what does not work.

        Templates in use keep the words they were published with: `outdated` names those that have older ones, and
        `/partials/{key}/republish` lets them take these.
        """
        body, caller = decode_optional(request, PartialPublishBody), self.caller
        with refusals():
            found = fit(
                publish_partial(
                    key,
                    tenant_id=caller.tenant_id,
                    note=body.note,
                    actor=caller.actor,
                    at=now(),
                    if_revision=expected_revision(request),
                )
            )
        head = _head(found.version, live=True)
        outdated = [use.template for use in uses_of_partials(caller.tenant_id).get(key, ()) if use.outdated]
        facts = {name: getattr(head, name) for name in PartialVersionHead.__struct_fields__}
        return Response(PartialPublished(**facts, key=key, outdated=outdated, warnings=findings_shown(found.warnings)))


class PartialRepublish(TenantView):
    """Templates take newer words."""

    scopes = {"POST": MANAGE}

    @operation(
        "Publish the templates of a partial again",
        body=RepublishBody,
        body_required=False,
        answers={200: Republication},
        problems=(404,),
        example={"templates": ["order"], "note": "The new button"},
    )
    def post(self, request: Request, key: str) -> Response:
        """Publishes the words in use of every template that has older words of the partial, as a new version of it;
        layouts and translations count as they are now too. Drafts stay what they are. One that cannot be published
        keeps its version and tells why.
        """
        body, caller = decode_optional(request, RepublishBody), self.caller
        if find_partial(caller.tenant_id, key) is None:
            raise not_found()
        done = republish(
            key,
            tenant_id=caller.tenant_id,
            templates=body.templates,
            note=body.note,
            actor=caller.actor,
            at=now(),
        )
        return Response(Republication(results=[_republished(one) for one in done]))


class PartialVersions(TenantView):
    """Everything published of a partial."""

    scopes = {"GET": READ}

    @operation("List versions of a partial", answers={200: page_of(PartialVersionHead)})
    def get(self, request: Request, key: str) -> Response:
        """Newest first, without their words."""
        row = own_partial(self.caller.tenant_id, key)
        rows = versions_of_partial(row).defer("source")
        return Response(
            paginate(request, rows, show=lambda page: [_head(one, live=one.id == row.live_id) for one in page])
        )


class PartialVersionDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ}

    @operation("Get a version of a partial", answers={200: PartialVersionShown})
    def get(self, request: Request, key: str, number: int) -> Response:
        """As it was written."""
        row = own_partial(self.caller.tenant_id, key)
        version = versions_of_partial(row).filter(number=number).first()
        if version is None:
            raise not_found()
        head = _head(version, live=version.id == row.live_id)
        facts = {name: getattr(head, name) for name in PartialVersionHead.__struct_fields__}
        return Response(PartialVersionShown(**facts, **words_of(version)))


class PartialPreviewView(TenantView):
    """What a partial says."""

    scopes = {"POST": READ}

    @operation(
        "Preview a partial",
        body=PartialPreviewBody,
        body_required=False,
        answers={200: PartialPreviewShown},
        problems=(404,),
        example={"data": {"url": "https://shop.example/orders/9"}},
    )
    def post(self, request: Request, key: str) -> Response:
        """Fills in the draft, or what is in use, or `partial` as it is in an editor: nothing need be saved."""
        body = decode_optional(request, PartialPreviewBody)
        try:
            found = preview_partial(
                key,
                tenant_id=self.caller.tenant_id,
                source=body.partial.source() if body.partial else None,
                version=body.version,
                data=body.data,
                locale=body.locale,
                at=now(),
            )
        except NotThere as trouble:
            if not trouble.pointer:
                raise not_found() from trouble
            raise invalid([FieldError(trouble.pointer, "not_found", str(trouble))]) from trouble
        said = {form: getattr(found.content, form, "") for form in ("mjml", "html", "text")}
        return Response(PartialPreviewShown(version=found.version, **said, findings=findings_shown(found.findings)))


def _head(version: PartialVersion, *, live: bool) -> PartialVersionHead:
    assert version.published_at is not None
    return PartialVersionHead(
        version=version.number,
        live=live,
        note=version.note,
        author=version.author,
        publisher=version.publisher,
        published_at=version.published_at,
    )


def _republished(one: Republished) -> RepublishedShown:
    match one.outcome:
        case Published(version=version):
            return RepublishedShown(template=one.template, version=version.number, code=None, detail=None, errors=[])
        case Unfit(errors=errors):
            shown, detail = findings_shown(errors), "It cannot be published as it is; the errors tell why."
            return RepublishedShown(template=one.template, version=None, code="invalid", detail=detail, errors=shown)
        case trouble:
            code = "canary_running" if isinstance(trouble, CanaryRunning) else "not_in_use"
            return RepublishedShown(template=one.template, version=None, code=code, detail=str(trouble), errors=[])
