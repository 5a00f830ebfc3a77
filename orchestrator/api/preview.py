"""`POST /notifications/preview`: what a request would do, with nothing written and nothing sent."""

from typing import Any

from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from notifications.values import NotificationRequest
from orchestrator.services.preview import preview
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import SEND


class PreviewError(Struct, kw_only=True):
    """Why a content could not be filled in."""

    code: str
    detail: str


class PreviewStep(Struct, kw_only=True):
    """One message that would go out. `step` is its place in the strategy; `content` is as the person would see it."""

    channel: str
    endpoint: str | None
    at: Moment
    step: int
    provider: str
    content: dict[str, Any] | None
    units: int | None  # what is paid for, where length costs: the SMS that a text is sent as
    cost_micros: int | None  # what that account charges, in millionths of `currency`; null where it has no price
    currency: str | None
    error: PreviewError | None


class PreviewSkipped(Struct, kw_only=True):
    """A channel that would not be used, why, and what would turn that into a yes."""

    channel: str
    reason: str
    detail: str | None
    flip: str | None


class PreviewedRecipient(Struct, kw_only=True):
    """What would happen for one person."""

    recipient: str
    steps: list[PreviewStep]
    skipped: list[PreviewSkipped]


class PreviewAnswer(Struct, kw_only=True):
    """What would happen, recipient by recipient; of a segment the first hundred."""

    results: list[PreviewedRecipient]


class NotificationPreview(TenantView):
    scopes = {"POST": SEND}

    @operation("Preview a notification", body=NotificationRequest, answers={200: PreviewAnswer})
    def post(self, request: Request) -> Response:
        """Takes the body of `POST /notifications`; decides by the same rules on the same facts."""
        asked = decode(request, NotificationRequest)
        found = preview(tenant_id=self.caller.tenant_id, request=asked, mode=self.caller.mode, at=now())
        if isinstance(found, tuple):
            raise invalid([FieldError(t.pointer, t.code, t.message) for t in found])
        return Response({"results": found})
