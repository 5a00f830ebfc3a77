"""`/deliveries`: search across notifications, and the story of one."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from notifications.api.filters import DeliveryFilter
from notifications.api.shapes import DeliveryDetail, DeliveryShown, TimelinePage
from notifications.api.shown import deliveries_shown, delivery_shown, timeline_shown
from notifications.models import Delivery
from notifications.selectors import deliveries_of, events_of_delivery
from tenants.api.base import TenantView
from tenants.api.pages import filtered, paginate, paginate_oldest_first
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import READ
from tenants.values import Caller


class Deliveries(TenantView):
    scopes = {"GET": READ}

    @operation("List deliveries", answers={200: page_of(DeliveryShown)}, query=DeliveryFilter)
    def get(self, request: Request) -> Response:
        """Across all notifications, newest first. Addresses are masked."""
        rows = filtered(request, deliveries_of(self.caller.tenant_id), by=DeliveryFilter)
        return Response(paginate(request, rows, show=lambda page: deliveries_shown(page, at=now())))


class DeliveryView(TenantView):
    scopes = {"GET": READ}

    @operation("Get a delivery", answers={200: DeliveryDetail})
    def get(self, request: Request, id: UUID) -> Response:
        """With every provider call made for it."""
        return Response(delivery_shown(_find(self.caller, id), at=now()))


class DeliveryTimeline(TenantView):
    scopes = {"GET": READ}

    @operation("Read a delivery's timeline", answers={200: TimelinePage})
    def get(self, request: Request, id: UUID) -> Response:
        """Everything that happened to it, oldest first."""
        rows = events_of_delivery(_find(self.caller, id))
        return Response(paginate_oldest_first(request, rows, show=timeline_shown))


def _find(caller: Caller, id: UUID) -> Delivery:
    """The caller's delivery. Raises `Http404`."""
    return get_object_or_404(deliveries_of(caller.tenant_id), id=id)
