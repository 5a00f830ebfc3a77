"""`/templates/{key}/preview`: what people would get, with nothing kept and nothing sent."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.shapes import PartError, PartShown, TemplatePreviewBody, TemplatePreviewShown
from templates_app.api.shown import findings_shown
from templates_app.api.templates import source_of
from templates_app.catalogue import shapes
from templates_app.services.examples import Example
from templates_app.services.previews import NotThere, preview
from templates_app.values import RenderError
from tenants.api.base import TenantView
from tenants.api.bodies import decode_optional
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation
from tenants.rules.scopes import READ


class TemplatePreview(TenantView):
    scopes = {"POST": READ}
    max_body_bytes = 2_097_152

    @operation(
        "Preview a template",
        body=TemplatePreviewBody,
        body_required=False,
        answers={200: TemplatePreviewShown},
        problems=(404,),
        example={"channel": "email", "locale": "de", "data": {"order_id": "123"}},
    )
    def post(self, request: Request, key: str) -> Response:
        """Fills in the draft, or what is in use, or `template` as it is in an editor: nothing need be saved.

        A part that fails tells why in its place; `findings` are what saving and publishing would say.
        """
        body = decode_optional(request, TemplatePreviewBody)
        try:
            found = preview(
                tenant_id=self.caller.tenant_id,
                key=key,
                source=source_of(body.template) if body.template else None,
                version=body.version,
                data=body.data,
                recipient=body.recipient,
                channel=body.channel,
                locale=body.locale,
                at=now(),
            )
        except NotThere as trouble:
            if not trouble.pointer:
                raise not_found() from trouble
            raise invalid([FieldError(trouble.pointer, "not_found", str(trouble))]) from trouble
        parts = [_part(example) for example in found.examples]
        return Response(
            TemplatePreviewShown(version=found.version, parts=parts, findings=findings_shown(found.findings))
        )


def _part(example: Example) -> PartShown:
    channel, said = example.piece.channel, example.content
    if isinstance(said, RenderError):
        pointer = example.piece.pointer + said.pointer.removeprefix(f"/content/{channel}")
        error = PartError(code=said.code, detail=said.message, pointer=pointer, line=said.line)
        return PartShown(channel=channel, locale=example.locale, content=None, error=error, units=None)
    content: dict[str, Any] = msgspec.to_builtins(said)
    units = shapes()[channel].units(str(content.get("body", "")))
    return PartShown(channel=channel, locale=example.locale, content=content, error=None, units=units)
