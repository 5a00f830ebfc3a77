"""`/templates/{key}/samples`: real data that a template was filled in with lately, telling of nobody."""

from typing import Any
from uuid import UUID

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from orchestrator.services.samples import samples_of
from tenants.api.base import TenantView
from tenants.api.problems import not_found
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ


class SampleShown(msgspec.Struct, kw_only=True):
    """The data of a notification, masked. `locale` is what its first recipient reads, if that is known."""

    notification: UUID
    created_at: Moment
    data: dict[str, Any]
    locale: str | None


class SamplesShown(msgspec.Struct, kw_only=True):
    """Newest first, those that look the same once."""

    results: list[SampleShown]


class TemplateSamples(TenantView):
    scopes = {"GET": READ}

    @operation("List samples of a template's data", answers={200: SamplesShown}, problems=(404,))
    def get(self, request: Request, key: str) -> Response:
        """Ten of the newest messages at most, for `data` of a preview.

        Names, addresses, numbers of people and free text are veiled, at their length; amounts, dates, states, short
        numbers and what the schema lists in `enum` stay.
        """
        found = samples_of(self.caller.tenant_id, key)
        if found is None:
            raise not_found(f"No template '{key}'.")
        shown = [
            SampleShown(
                notification=one.notification_id, created_at=one.at, data=dict(one.data), locale=one.locale or None
            )
            for one in found
        ]
        return Response(SamplesShown(results=shown))
