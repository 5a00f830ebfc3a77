"""`/templates/{key}/publish`, `/rollback`, `/quarantine`: what is in use."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.etags import expected_revision
from templates_app.api.keeping import fit, refusals
from templates_app.api.shapes import CanaryBody, PublishBody, PublishedShown, QuarantineBody, RollbackBody, VersionHead
from templates_app.api.shown import findings_shown, version_head
from templates_app.api.templates import own_template
from templates_app.rules.canary import Terms
from templates_app.services.canaries import CanaryRunning, NothingBefore
from templates_app.services.publishing import (
    FirstFor,
    NoSuchVersion,
    Published,
    publish,
    roll_back,
)
from templates_app.services.quarantine import quarantine, release
from tenants.api.base import TenantView
from tenants.api.bodies import decode, decode_optional
from tenants.api.problems import Problem, conflict, not_found
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE

CANARY_CODES = {CanaryRunning: "canary_running", NothingBefore: "nothing_before"}


class Publish(TenantView):
    """The draft becomes what is used."""

    scopes = {"POST": MANAGE}

    @operation(
        "Publish a template",
        body=PublishBody,
        body_required=False,
        answers={200: PublishedShown},
        problems=(404, 409, 412),
        example={"note": "Friendlier subject"},
    )
    def post(self, request: Request, key: str) -> Response:
        """Every part and locale is filled in with the example data first; 422 tells what does not work.

        What was planned before keeps the words of its day. Where the tenant asks for four eyes, the author gets a 409.
        With `canary` some get it first, the rest keep the version before; `/templates/{key}/canary` tells how it goes.
        """
        body, caller = decode_optional(request, PublishBody), self.caller
        try:
            with refusals():
                found = fit(
                    publish(
                        key,
                        tenant_id=caller.tenant_id,
                        note=body.note,
                        actor=caller.actor,
                        at=now(),
                        if_revision=expected_revision(request),
                        canary=_first_for(body.canary),
                    )
                )
        except (CanaryRunning, NothingBefore) as trouble:
            raise conflict(CANARY_CODES[type(trouble)], detail=str(trouble)) from trouble
        return Response(_shown(key, found))


class Rollback(TenantView):
    """An old version counts again."""

    scopes = {"POST": MANAGE}

    @operation(
        "Roll a template back",
        body=RollbackBody,
        answers={200: PublishedShown},
        problems=(404,),
        example={"version": 3, "note": "The new subject confuses people"},
    )
    def post(self, request: Request, key: str) -> Response:
        """Publishes the words of that version again, as they were compiled then, as a new version."""
        body, caller = decode(request, RollbackBody), self.caller
        try:
            found = roll_back(
                key, tenant_id=caller.tenant_id, number=body.version, note=body.note, actor=caller.actor, at=now()
            )
        except NoSuchVersion as trouble:
            raise not_found(str(trouble)) from trouble
        return Response(_shown(key, found))


class Quarantine(TenantView):
    """A version is held back: what is to be sent with it waits."""

    scopes = {"POST": MANAGE, "DELETE": MANAGE}

    @operation(
        "Hold a template back",
        body=QuarantineBody,
        answers={200: VersionHead},
        problems=(404, 409),
        example={"reason": "Wrong prices"},
    )
    def post(self, request: Request, key: str) -> Response:
        """Deliveries wait with `template_quarantined` until the version is released or another one is in use."""
        body, caller = decode(request, QuarantineBody), self.caller
        template = own_template(caller.tenant_id, key)
        version = quarantine(template, number=body.version, reason=body.reason, actor=caller.actor, at=now())
        if version is None:
            raise _nothing_to_hold(key)
        return Response(version_head(version, live=version.id == template.live_id))

    @operation("Release a template", answers={204: None}, problems=(404,))
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Every version of it that was held back; what waited is sent now. Doing it twice is a success too."""
        release(own_template(self.caller.tenant_id, key), actor=self.caller.actor, at=now())
        return Response(status=204)


def _first_for(asked: CanaryBody | None) -> FirstFor | None:
    if asked is None:
        return None
    return FirstFor(asked.percent, Terms(asked.alpha, asked.min_minutes, asked.min_deliveries, asked.promote))


def _nothing_to_hold(key: str) -> Problem:
    return conflict("not_published", detail=f"Template '{key}' has no such version in use.")


def _shown(key: str, found: Published) -> PublishedShown:
    head = version_head(found.version, live=found.live)
    facts = {name: getattr(head, name) for name in VersionHead.__struct_fields__}
    return PublishedShown(**facts, key=key, warnings=findings_shown(found.warnings))
