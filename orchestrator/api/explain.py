"""Why: what was decided about a notification, and what would be decided for a recipient now."""

import django_filters
import msgspec
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from audience.models import Recipient
from audience.selectors import recipient
from kernel.clock import now
from notifications.models import Notification, NotificationType
from notifications.selectors import notifications_of, types_of
from orchestrator.rules.explaining import Explained
from orchestrator.services.explaining import explain_notification, explain_recipient
from tenants.api.base import TenantView
from tenants.api.pages import filtered
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation
from tenants.rules.scopes import READ


class DecisionsAnswer(msgspec.Struct, kw_only=True):
    """What was decided for each recipient, in the order in which they were given; of very many the first hundred."""

    results: list[Explained]


class _Asked(django_filters.CharFilter):
    """Read by the route itself; narrows no rows."""

    def filter(self, qs: object, value: object) -> object:
        return qs


class DecisionsFilter(django_filters.FilterSet):
    """For whom."""

    recipient = _Asked(help_text="your own id of one person")

    class Meta:
        model = Notification
        fields: tuple[str, ...] = ()


class ExplainFilter(django_filters.FilterSet):
    """Of what."""

    type = _Asked(help_text="the notification type; required")

    class Meta:
        model = NotificationType
        fields: tuple[str, ...] = ()


class NotificationDecisions(TenantView):
    scopes = {"GET": READ}

    @operation("Explain a notification's decisions", answers={200: DecisionsAnswer}, query=DecisionsFilter)
    def get(self, request: Request, id: str) -> Response:
        """Every channel that was considered, with its outcome, the rule that decided and what would turn it round.

        Taken again from the facts of that moment by the rules of today. Empty until the notification is planned.
        """
        rows = filtered(request, notifications_of(self.caller.tenant_id), by=DecisionsFilter)
        notification = get_object_or_404(rows, id=id)
        name = request.query_params.get("recipient")
        person = self._person(name) if name else None
        found = explain_notification(notification, recipient_id=person.id if person else None)
        return Response(DecisionsAnswer(results=found))

    def _person(self, external_id: str) -> Recipient:
        person = recipient(tenant_id=self.caller.tenant_id, external_id=external_id)
        if person is None:
            raise not_found()
        return person


class RecipientExplanation(TenantView):
    scopes = {"GET": READ}

    @operation("Explain what a recipient would get", answers={200: Explained}, query=ExplainFilter)
    def get(self, request: Request, external_id: str) -> Response:
        """What would be decided if something of `type` were sent to them this moment; nothing is sent or kept."""
        tenant_id = self.caller.tenant_id
        person = recipient(tenant_id=tenant_id, external_id=external_id)
        if person is None:
            raise not_found()
        rows = filtered(request, types_of(tenant_id), by=ExplainFilter)
        key = request.query_params.get("type", "")
        kind = rows.filter(key=key).first()
        if kind is None:
            what = f"no type '{key[:100]}'; see /types" if key else "say of which type, as in ?type=order_confirmation"
            raise invalid([FieldError("/type", "unknown_type" if key else "required", what)])
        return Response(explain_recipient(person, kind, mode=self.caller.mode, at=now()))
