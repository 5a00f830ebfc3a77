"""`/preferences/defaults`: what a tenant wants for all its recipients: for who says nothing, or whoever says what."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from preferences.api.checked import check, check_merged
from preferences.selectors import tenant_documents
from preferences.services.tenant_defaults import PARTS, patch_tenant_preferences, put_tenant_preferences
from preferences.values import TenantPreferencesBody
from tenants.api.base import TenantView
from tenants.api.bodies import decode, tree_of
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE, READ

EXAMPLE = {
    "defaults": {
        "categories": {"newsletter": False},
        "quiet_hours": [{"from": "22:00", "to": "08:00"}],
        "channel_order": ["push", "email", "sms"],
        "holidays": {"FR": ["2026-12-25", "2027-01-01"]},
    },
    "forced": {"types": {"invoice": {"email": True}}},
}


class TenantDefaults(TenantView):
    """Preferences of the whole tenant."""

    scopes = {"GET": READ, "PUT": MANAGE, "PATCH": MANAGE}
    max_body_bytes = 262_144

    @operation("Get default preferences", answers={200: TenantPreferencesBody})
    def get(self, request: Request) -> Response:
        """`defaults` and `forced`, empty where nothing was said."""
        return Response(tenant_documents(self.caller.tenant_id))

    @operation(
        "Replace default preferences",
        body=TenantPreferencesBody,
        answers={200: TenantPreferencesBody},
        example=EXAMPLE,
    )
    def put(self, request: Request) -> Response:
        """`defaults` count for whoever says nothing. `forced` beats what recipients say; suppressions, unsubscribes and
        missing consent beat even that. Required categories cannot be switched off by either.

        What waits for quiet hours is looked at again.
        """
        documents = msgspec.to_builtins(decode(request, TenantPreferencesBody))
        _check(documents)
        at, actor = now(), self.caller.actor
        kept = put_tenant_preferences(tenant_id=self.caller.tenant_id, documents=documents, actor=actor, at=at)
        return Response(kept)

    @operation(
        "Change default preferences", body=TenantPreferencesBody, answers={200: TenantPreferencesBody}, example=EXAMPLE
    )
    def patch(self, request: Request) -> Response:
        """A JSON merge patch (RFC 7396): objects are merged, `null` takes away, lists are replaced."""
        change = tree_of(request)
        if not isinstance(change, dict):
            raise invalid([FieldError("", "invalid_type", "expected an object")])
        kept = patch_tenant_preferences(
            tenant_id=self.caller.tenant_id, change=change, check=_check_all, actor=self.caller.actor, at=now()
        )
        return Response(kept)


def _check_all(documents: dict[str, Any]) -> None:
    check_merged(documents, struct=TenantPreferencesBody)
    _check(documents)


def _check(documents: dict[str, Any]) -> None:
    check(*((documents.get(part, {}), (part,)) for part in PARTS))
