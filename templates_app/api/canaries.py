"""`/templates/{key}/canary`: the version that some get first, how it goes, and what becomes of it."""

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from templates_app.api.shapes import CanaryEndBody, CanaryGrowBody, CanaryShown
from templates_app.api.shown import canary_shown
from templates_app.api.templates import own_template
from templates_app.models import Canary
from templates_app.rules.canary import State
from templates_app.selectors import numbers_of
from templates_app.services.canaries import NoCanary, Smaller, end, grow, newest
from tenants.api.base import TenantView
from tenants.api.bodies import decode, decode_optional
from tenants.api.problems import FieldError, Problem, conflict, invalid, not_found
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE, READ


class CanaryDetail(TenantView):
    """The one that is running, or the last that ended."""

    scopes = {"GET": READ, "PATCH": MANAGE}

    @operation("Get the canary of a template", answers={200: CanaryShown}, problems=(404,))
    def get(self, request: Request, key: str) -> Response:
        """How many people something bad came to, by whose words they had, and how much that speaks against the version.

        It is looked at about twice a minute. 404 when no version was ever published to some.
        """
        found = newest(own_template(self.caller.tenant_id, key))
        if found is None:
            raise not_found(f"No version of '{key}' was ever published to some first.")
        return Response(_shown(found))

    @operation(
        "Give a canary to more people",
        body=CanaryGrowBody,
        answers={200: CanaryShown},
        problems=(404, 409),
        example={"percent": 25},
    )
    def patch(self, request: Request, key: str) -> Response:
        """Whoever has the new words keeps them, so the share can only grow."""
        body, template = decode(request, CanaryGrowBody), own_template(self.caller.tenant_id, key)
        try:
            canary = grow(template, percent=body.percent, actor=self.caller.actor, at=now())
        except NoCanary as trouble:
            raise _none(trouble) from trouble
        except Smaller as trouble:
            raise invalid([FieldError("/percent", "too_small", str(trouble))]) from trouble
        return Response(_shown(canary))


class _End(TenantView):
    """Ends it, as `state` says."""

    scopes = {"POST": MANAGE}
    state: State

    def end(self, request: Request, key: str) -> Response:
        body, template = decode_optional(request, CanaryEndBody), own_template(self.caller.tenant_id, key)
        try:
            canary = end(template, state=self.state, why=body.note, actor=self.caller.actor, at=now())
        except NoCanary as trouble:
            raise _none(trouble) from trouble
        return Response(_shown(canary))


class CanaryPromotion(_End):
    state = "promoted"

    @operation(
        "Promote a canary", body=CanaryEndBody, body_required=False, answers={200: CanaryShown}, problems=(404, 409)
    )
    def post(self, request: Request, key: str) -> Response:
        """Everybody gets the new words from now on."""
        return self.end(request, key)


class CanaryAbortion(_End):
    state = "aborted"

    @operation(
        "Abort a canary", body=CanaryEndBody, body_required=False, answers={200: CanaryShown}, problems=(404, 409)
    )
    def post(self, request: Request, key: str) -> Response:
        """Everybody gets the words before; what was planned with the new ones and never tried does so too."""
        return self.end(request, key)


def _none(trouble: NoCanary) -> Problem:
    return conflict("no_canary", detail=str(trouble))


def _shown(canary: Canary) -> CanaryShown:
    return canary_shown(canary, numbers_of((canary.version_id, canary.before_id)))
