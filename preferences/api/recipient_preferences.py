"""`/recipients/{id}/preferences`: what one person wants to hear of, and where."""

from typing import Any
from uuid import UUID

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from audience.selectors import recipient_ids
from kernel.clock import now
from preferences.api.checked import check, check_merged
from preferences.selectors import document_of
from preferences.services import patch, put
from preferences.values import PreferencesBody
from tenants.api.base import TenantView
from tenants.api.bodies import decode, tree_of
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE, READ

EXAMPLE = {
    "channels": {"sms": False},
    "categories": {"marketing": {"email": True}},
    "types": {"order_confirmation": {"push": False}},
    "quiet_hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "07:00"}],
    "timezone": "Europe/Paris",
    "frequency": {"type:order_update": {"mode": "digest", "every": "day", "at": "08:00"}},
}


class RecipientPreferences(TenantView):
    """One person's preferences."""

    scopes = {"GET": READ, "PUT": MANAGE, "PATCH": MANAGE}
    max_body_bytes = 131_072

    @operation("Get preferences", answers={200: PreferencesBody})
    def get(self, request: Request, external_id: str) -> Response:
        """What the person said; what they did not say is inherited and absent."""
        return Response(document_of(tenant_id=self.caller.tenant_id, recipient_id=self._recipient(external_id)))

    @operation("Replace preferences", body=PreferencesBody, answers={200: PreferencesBody}, example=EXAMPLE)
    def put(self, request: Request, external_id: str) -> Response:
        """Everything said before is forgotten. A type's word beats its category's, and that beats the channel's."""
        recipient_id = self._recipient(external_id)
        document = msgspec.to_builtins(decode(request, PreferencesBody))
        check((document, ()))
        return Response(put(tenant_id=self.caller.tenant_id, recipient_id=recipient_id, document=document, at=now()))

    @operation("Change preferences", body=PreferencesBody, answers={200: PreferencesBody}, example=EXAMPLE)
    def patch(self, request: Request, external_id: str) -> Response:
        """A JSON merge patch (RFC 7396): objects are merged, `null` takes away, lists are replaced."""
        recipient_id, change = self._recipient(external_id), tree_of(request)
        if not isinstance(change, dict):
            raise invalid([FieldError("", "invalid_type", "expected an object")])
        kept = patch(
            tenant_id=self.caller.tenant_id, recipient_id=recipient_id, change=change, check=_check_all, at=now()
        )
        return Response(kept)

    def _recipient(self, external_id: str) -> UUID:
        found = recipient_ids(tenant_id=self.caller.tenant_id, external_ids=(external_id,))
        if external_id not in found:
            raise not_found()
        return found[external_id]


def _check_all(document: dict[str, Any]) -> None:
    check_merged(document, struct=PreferencesBody)
    check((document, ()))
