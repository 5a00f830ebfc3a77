"""`/analytics/conversions`: tell that people did what a message was for."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.services_conversions import Conversion, note_conversions
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import SEND

OLDEST = timedelta(days=28)  # the log is cut by month, and the month before is always there
AHEAD = timedelta(minutes=5)  # clocks differ
EXAMPLE = {"conversions": [{"delivery": "01a1f8ff-8345-72f1-8f36-42278ef4d083", "name": "bought"}]}


class ConversionBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """`at` is now unless given; `name` is your own word for what was done."""

    delivery: UUID
    at: Moment | None = None
    name: Annotated[str, Meta(max_length=100)] = ""


class ConversionsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Up to a thousand of them."""

    conversions: Annotated[list[ConversionBody], Meta(min_length=1, max_length=1000)]


class ConversionsNoted(Struct, kw_only=True):
    """How many were noted; `unknown` are deliveries that are not yours, or of the other mode."""

    noted: int
    unknown: list[UUID]


class Conversions(TenantView):
    """What people did because of a message."""

    scopes = {"POST": SEND}
    idempotent = True

    @operation("Tell conversions", body=ConversionsBody, answers={202: ConversionsNoted}, example=EXAMPLE)
    def post(self, request: Request) -> Response:
        """The first of each delivery counts, however many are told."""
        asked = decode(request, ConversionsBody)
        moment = now()
        errors = [
            FieldError(f"/conversions/{number}/at", "out_of_range", f"expected a moment of the last {OLDEST.days} days")
            for number, one in enumerate(asked.conversions)
            if one.at is not None and not moment - OLDEST <= one.at <= moment + AHEAD
        ]
        if errors:
            raise invalid(errors)
        told = [Conversion(one.delivery, one.at or moment, one.name) for one in asked.conversions]
        unknown = note_conversions(
            told, tenant_id=self.caller.tenant_id, mode=self.caller.mode, actor=self.caller.actor
        )
        answer = ConversionsNoted(noted=len(told) - len(unknown), unknown=[one.delivery_id for one in unknown])
        return Response(answer, status=202)
