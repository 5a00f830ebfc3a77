"""`/audit`: who did what in the tenant's name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantView
from tenants.api.pages import filtered, paginate
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.models import AuditEntry
from tenants.rules.scopes import ADMIN
from tenants.selectors import trail_of


class AuditLine(msgspec.Struct, kw_only=True):
    """One thing that was done. Lines are added, never changed."""

    id: UUID
    at: Moment
    actor: str
    action: str
    object: str
    detail: dict[str, Any]


class AuditFilter(django_filters.FilterSet):
    """The trail by who, what and when."""

    actor = django_filters.CharFilter(help_text="exactly, such as key:Ab12Cd34")
    action = django_filters.CharFilter(help_text="exactly, such as api_key.issued")
    object = django_filters.CharFilter(help_text="exactly, such as key:Ab12Cd34")
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", help_text="at or after")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", help_text="before")


class Audit(TenantView):
    """The tenant's trail."""

    scopes = {"GET": ADMIN}

    @operation("Read the audit trail", answers={200: page_of(AuditLine)}, query=AuditFilter)
    def get(self, request: Request) -> Response:
        """Every change of access and configuration, newest first."""
        rows = filtered(request, trail_of(self.caller.tenant_id), by=AuditFilter)
        return Response(paginate(request, rows, show=_shown))


def _shown(rows: Sequence[AuditEntry]) -> list[AuditLine]:
    return [
        AuditLine(id=row.id, at=row.at, actor=row.actor, action=row.action, object=row.object, detail=row.detail)
        for row in rows
    ]
