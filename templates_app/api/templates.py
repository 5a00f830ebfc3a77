"""`/templates`: the words of each kind of message, written as drafts."""

from uuid import UUID

from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.etags import etag, expected_revision
from templates_app.api.keeping import fit, kept, key_faults, refusals
from templates_app.api.shapes import EXAMPLE_TEMPLATE, TemplateBody, TemplateHead, TemplateShown
from templates_app.api.shown import heads_shown, template_shown
from templates_app.models import Template
from templates_app.selectors import canary_of, find_template, heads_of, live_of, template_of
from templates_app.services.drafts import (
    TemplateInUse,
    archive,
    discard_draft,
    save_draft,
)
from templates_app.values import TemplateSource
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate_by_name
from tenants.api.problems import FieldError, conflict, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ


class Templates(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List templates", answers={200: page_of(TemplateHead)})
    def get(self, request: Request) -> Response:
        """The tenant's and the platform's, by key; one of the tenant's takes the place of the platform's."""
        shown = heads_shown(*heads_of(None)) | heads_shown(*heads_of(self.caller.tenant_id))
        return Response(paginate_by_name(request, shown))


class TemplateDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}
    max_body_bytes = 2_097_152

    @operation("Get a template", answers={200: TemplateShown})
    def get(self, request: Request, key: str) -> Response:
        """The draft, or the version in use when nothing is being written."""
        template, draft, live = find_template(self.caller.tenant_id, key) or _missing()
        shown = template_shown(template, draft=draft, live=live, canary=canary_of(template))
        return Response(shown, headers={"ETag": etag(shown.revision)})

    @operation(
        "Write a template",
        body=TemplateBody,
        answers={200: TemplateShown, 201: TemplateShown},
        problems=(412,),
        located=True,
        example=EXAMPLE_TEMPLATE,
    )
    def put(self, request: Request, key: str) -> Response:
        """Keeps a draft; what is in use stays in use until it is published.

        422 tells every error that lint finds, each with its part, line and what would do; warnings are in the answer.
        With `If-Match` it is refused (412) when somebody else changed the draft since it was read.
        """
        body = decode(request, TemplateBody)
        _check_key(key, body)
        with refusals():
            saved = fit(
                save_draft(
                    key,
                    tenant_id=self.caller.tenant_id,
                    name=body.name or key,
                    source=source_of(body),
                    actor=self.caller.actor,
                    at=now(),
                    if_revision=expected_revision(request),
                )
            )
        template, warnings = saved.template, saved.warnings
        live, canary = live_of(template), canary_of(template)
        shown = template_shown(template, draft=saved.draft, live=live, canary=canary, warnings=warnings)
        return kept(request, shown, revision=shown.revision, created=saved.created)

    @operation("Take a template out of use", answers={204: None}, problems=(409,))
    def delete(self, request: Request, key: str) -> Response:
        """The platform's of the same key counts again. One that a notification type names stays: 409."""
        template = own_template(self.caller.tenant_id, key)
        try:
            archive(template, actor=self.caller.actor, at=now())
        except TemplateInUse as used:
            raise conflict("template_in_use", detail=str(used)) from used
        return Response(status=204)


class TemplateDraft(TenantView):
    """What is being written of a template."""

    scopes = {"DELETE": MANAGE}

    @operation("Discard a draft", answers={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """The version in use stays. Doing it twice is a success too."""
        discard_draft(own_template(self.caller.tenant_id, key), actor=self.caller.actor, at=now())
        return Response(status=204)


def source_of(body: TemplateBody) -> TemplateSource:
    """The words that a body brings."""
    return TemplateSource(**{name: getattr(body, name) for name in TemplateSource.__struct_fields__})


def own_template(tenant_id: UUID, key: str) -> Template:
    """The tenant's own template. Raises `Problem` 404."""
    found = template_of(tenant_id, key)
    if found is None:
        raise not_found()
    return found


def _missing() -> tuple[Template, None, None]:
    raise not_found()


def _check_key(key: str, body: TemplateBody) -> None:
    errors = key_faults(key)
    if body.key is not UNSET and body.key != key:
        errors.append(FieldError("/key", "conflict", f"the URL says '{key[:100]}'; leave it out or say the same"))
    if errors:
        raise invalid(errors)
