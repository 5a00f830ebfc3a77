"""`/me/preferences`: one's own preferences, opened by a recipient token; the same document as everywhere."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from audience.api.auth import OWN, OwnView
from audience.selectors import external_ids
from kernel.clock import now
from preferences.api.checked import check, check_merged
from preferences.api.recipient_preferences import EXAMPLE
from preferences.selectors import document_of
from preferences.services import patch, put
from preferences.values import PreferencesBody
from tenants.api.bodies import decode, tree_of
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation


class MyPreferences(OwnView):
    """What the person whose token it is wants."""

    scopes = {"GET": OWN, "PUT": OWN, "PATCH": OWN}
    max_body_bytes = 131_072

    @operation("Get my preferences", answers={200: PreferencesBody})
    def get(self, request: Request) -> Response:
        """What I said; what I did not say is inherited and absent."""
        return Response(document_of(**self._mine()))

    @operation("Replace my preferences", body=PreferencesBody, answers={200: PreferencesBody}, example=EXAMPLE)
    def put(self, request: Request) -> Response:
        """Everything I said before is forgotten."""
        document = msgspec.to_builtins(decode(request, PreferencesBody))
        check((document, ()))
        return Response(put(**self._mine(), document=document, at=now()))

    @operation("Change my preferences", body=PreferencesBody, answers={200: PreferencesBody}, example=EXAMPLE)
    def patch(self, request: Request) -> Response:
        """A JSON merge patch (RFC 7396): objects are merged, `null` takes away, lists are replaced."""
        change = tree_of(request)
        if not isinstance(change, dict):
            raise invalid([FieldError("", "invalid_type", "expected an object")])
        return Response(patch(**self._mine(), change=change, check=_check, at=now()))

    def _mine(self) -> dict[str, Any]:
        """Whose they are. A token outlives an erased person, who has none."""
        if not external_ids([self.caller.recipient_id]):
            raise not_found("Nobody is known by this token any more.")
        return {"tenant_id": self.caller.tenant_id, "recipient_id": self.caller.recipient_id}


def _check(document: dict[str, Any]) -> None:
    check_merged(document, struct=PreferencesBody)
    check((document, ()))
