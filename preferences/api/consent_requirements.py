"""`/consents/requirements`: for which purposes, on which channels, silence is a no."""

from typing import Annotated

import msgspec
from django.db import transaction
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from preferences.api.consent_shapes import ChannelOrAll, Purpose
from preferences.catalogue import channel_names
from preferences.consent_requirements import default_demands, demands_of, forget_requirements, keep_demands
from preferences.rules import REQUIRED_CATEGORIES
from preferences.rules.consent import EVERY_CHANNEL
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.rules.scopes import ADMIN, READ
from tenants.services import audit

MOST_DEMANDS = 200


class Demand(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A purpose, or a category of messages, and the channels on which it needs consent; `all` is every channel."""

    purpose: Purpose
    channels: Annotated[list[ChannelOrAll], Meta(min_length=1, max_length=50)]


class RequirementsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Everything a tenant demands consent for."""

    requirements: Annotated[list[Demand], Meta(max_length=MOST_DEMANDS)]


class RequirementsShown(RequirementsBody, kw_only=True, frozen=True):
    """`default`: nobody changed what the platform demands."""

    default: bool


class RequirementsOfTenant(TenantView):
    scopes = {"GET": READ, "PUT": ADMIN}

    @operation("Read what needs consent", answers={200: RequirementsShown}, name="consent_requirements_read")
    def get(self, request: Request) -> Response:
        """Marketing on SMS, unless you decided otherwise."""
        written = demands_of(self.caller.tenant_id)
        return Response({"requirements": default_demands() if written is None else written, "default": written is None})

    @operation(
        "Decide what needs consent",
        body=RequirementsBody,
        answers={200: RequirementsShown},
        example={"requirements": [{"purpose": "marketing", "channels": ["sms", "email"]}]},
        name="consent_requirements_replace",
    )
    def put(self, request: Request) -> Response:
        """Replaces all of it, the platform's default too: leave that in unless you ask for consent elsewhere. Every
        process heeds it within a second."""
        demands = decode(request, RequirementsBody).requirements
        _check(demands)
        written, at = [msgspec.to_builtins(demand) for demand in demands], now()
        keep_demands(self.caller.tenant_id, written, at=at)
        audit(
            self.caller.tenant_id,
            actor=self.caller.actor,
            action="consent.requirements_changed",
            detail={"requirements": written},
            at=at,
        )
        transaction.on_commit(forget_requirements)
        return Response({"requirements": written, "default": False})


def _check(demands: list[Demand]) -> None:
    known, errors = channel_names(), []
    seen: set[str] = set()
    for index, demand in enumerate(demands):
        if demand.purpose in seen:
            what = f"'{demand.purpose}' stands here twice; give all its channels at once"
            errors.append(FieldError(f"/requirements/{index}/purpose", "duplicate", what))
        seen.add(demand.purpose)
        if demand.purpose in REQUIRED_CATEGORIES:
            what = f"what belongs to '{demand.purpose}' reaches everybody; leave it out"
            errors.append(FieldError(f"/requirements/{index}/purpose", "required_category", what))
        for place, channel in enumerate(demand.channels):
            if known and channel not in (*known, EVERY_CHANNEL):
                what = f"no channel '{channel}'; known: {', '.join(known)}, and {EVERY_CHANNEL}"
                errors.append(FieldError(f"/requirements/{index}/channels/{place}", "unknown_channel", what))
    if errors:
        raise invalid(errors)
