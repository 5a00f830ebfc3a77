"""`/notifications`: ask for people to be notified, look how it went, call it back."""

from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from kernel.trace import provider_traceparent
from notifications.api.filters import DeliveryOfNotificationFilter, NotificationFilter
from notifications.api.shapes import (
    CancelAnswer,
    CancelBody,
    CancelShown,
    DeliveryShown,
    NotificationDetail,
    NotificationShown,
    TimelinePage,
)
from notifications.api.shown import (
    cancelled_shown,
    deliveries_shown,
    notification_shown,
    notifications_shown,
    timeline_shown,
)
from notifications.models import Notification
from notifications.selectors import deliveries_of_notification, events_of_notification, notifications_of
from notifications.services.accept import Asked, Door
from notifications.services.cancel import TooLate, cancel, cancel_by_key
from notifications.services.together import accept_beside_others
from notifications.values import Accepted, AcceptedNotification, NotificationRequest, Refused, route_of
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.once import key_of, reused
from tenants.api.openapi import StructSchema
from tenants.api.pages import filtered, paginate, paginate_oldest_first
from tenants.api.problems import FieldError, Problem, conflict, in_flight, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import READ, SEND
from tenants.scope import tenant_scope
from tenants.values import Caller

EXAMPLE = {
    "recipients": [{"id": "user-457", "email": "ana@example.org", "data": {"first_name": "Ana"}}],
    "content": {"email": {"subject": "Your order {{ order_id }}", "text": "Hello {{ first_name }}, it is on its way."}},
    "data": {"order_id": "123"},
    "priority": "high",
    "idempotency_key": "order_created:123",
}


class OnceSchema(StructSchema):
    """For routes that honour `Idempotency-Key` by themselves."""

    def _is_idempotent(self) -> bool:
        return self.method == "POST"


class Notifications(TenantView):
    """Accepting opens its own transaction, so that it is as short as can be."""

    scopes = {"GET": READ, "POST": SEND}
    scoped = False
    schema = OnceSchema()

    @operation("List notifications", answers={200: page_of(NotificationShown)}, query=NotificationFilter)
    def get(self, request: Request) -> Response:
        """Newest first."""
        with tenant_scope(self.caller.tenant_id):
            rows = filtered(request, notifications_of(self.caller.tenant_id), by=NotificationFilter)
            return Response(paginate(request, rows, show=notifications_shown))

    @operation(
        "Send a notification",
        body=NotificationRequest,
        answers={202: AcceptedNotification},
        located=True,
        example=EXAMPLE,
    )
    def post(self, request: Request) -> HttpResponse:
        """202 means that it is kept and will not be lost; planning and sending follow at once, or when it is scheduled.

        `Idempotency-Key` and `idempotency_key` are the same thing, one as a header and one in the body.
        """
        asked = with_key_of_header(request, decode(request, NotificationRequest))
        answer = accept_beside_others(Asked(door_of(self.caller), asked), at=now())
        if isinstance(answer, Refused):
            raise problem_of(answer)
        return _accepted(answer)


class NotificationView(TenantView):
    scopes = {"GET": READ}

    @operation("Get a notification", answers={200: NotificationDetail})
    def get(self, request: Request, id: UUID) -> Response:
        """With the number of its deliveries in each status, how fast it was, and what went wrong."""
        return Response(notification_shown(find(self.caller, id), at=now()))


class NotificationDeliveries(TenantView):
    scopes = {"GET": READ}

    @operation(
        "List a notification's deliveries",
        answers={200: page_of(DeliveryShown)},
        query=DeliveryOfNotificationFilter,
    )
    def get(self, request: Request, id: UUID) -> Response:
        """One per recipient, channel and address. Addresses are masked."""
        rows = deliveries_of_notification(find(self.caller, id))
        rows = filtered(request, rows, by=DeliveryOfNotificationFilter)
        return Response(paginate(request, rows, show=lambda page: deliveries_shown(page, at=now())))


class NotificationTimeline(TenantView):
    scopes = {"GET": READ}

    @operation("Read a notification's timeline", answers={200: TimelinePage})
    def get(self, request: Request, id: UUID) -> Response:
        """Everything that happened to it and its deliveries, oldest first."""
        rows = events_of_notification(find(self.caller, id))
        return Response(paginate_oldest_first(request, rows, show=timeline_shown))


class NotificationCancel(TenantView):
    scopes = {"POST": SEND}

    @operation("Cancel a notification", answers={200: CancelShown}, problems=(409,))
    def post(self, request: Request, id: UUID) -> Response:
        """Stops everything that was not yet handed to a provider; the rest goes on and the notification stays
        `processing` until it has ended. Cancelling twice gives the same answer; what has finished is a 409
        `not_cancellable`.
        """
        caller = self.caller
        found = cancel(tenant_id=caller.tenant_id, ids=(id,), actor=caller.actor, at=now())
        if not found:
            raise not_found()
        if isinstance(found[0], TooLate):
            detail = f"It is {found[0].status} already; there is nothing left to stop."
            raise conflict("not_cancellable", detail=detail)
        return Response(cancelled_shown(found[0]))


class NotificationsCancel(TenantView):
    scopes = {"POST": SEND}

    @operation(
        "Cancel notifications by key",
        body=CancelBody,
        answers={200: CancelAnswer},
        example={"cancellation_key": "cart-123"},
    )
    def post(self, request: Request) -> Response:
        """Every notification with this `cancellation_key` that has not finished; none is a success too."""
        body, caller = decode(request, CancelBody), self.caller
        done = cancel_by_key(
            tenant_id=caller.tenant_id, cancellation_key=body.cancellation_key, actor=caller.actor, at=now()
        )
        return Response(CancelAnswer(results=[cancelled_shown(answer) for answer in done]))


def find(caller: Caller, id: UUID) -> Notification:
    """The caller's notification. Raises `Http404`."""
    return get_object_or_404(notifications_of(caller.tenant_id), id=id)


def door_of(caller: Caller) -> Door:
    return Door(caller.tenant_id, mode=caller.mode, actor=caller.actor, traceparent=provider_traceparent())


def with_key_of_header(request: Request, asked: NotificationRequest) -> NotificationRequest:
    """The request under the key that the header gives, if it does. Raises `Problem` 422 when the body says another."""
    key = key_of(request)
    if not key or key == asked.idempotency_key:
        return asked
    if asked.idempotency_key is not None:
        what = "the body's idempotency_key is not the header's Idempotency-Key; give one of them, or the same twice"
        raise Problem(
            "idempotency_key_conflict",
            status=422,
            title="Two idempotency keys",
            detail=what,
            errors=[FieldError("/idempotency_key", "idempotency_key_conflict", what)],
        )
    return msgspec.structs.replace(asked, idempotency_key=key)


def problem_of(refused: Refused) -> Problem:
    """The problem that a refusal is."""
    match refused.code:
        case "idempotency_in_flight":
            return in_flight()
        case "idempotency_key_reused":
            return reused()
    return invalid([FieldError(trouble.pointer, trouble.code, trouble.message) for trouble in refused.troubles])


def _accepted(answer: Accepted) -> HttpResponse:
    headers = {"Location": route_of(answer.id)}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return HttpResponse(answer.body, status=202, content_type="application/json", headers=headers)
