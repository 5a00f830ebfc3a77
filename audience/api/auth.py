"""Who is calling with a recipient token: one person, on their own device."""

from dataclasses import dataclass
from uuid import UUID

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from audience.tokens import BadToken, read
from kernel.clock import now
from tenants.api.auth import bearer_token
from tenants.api.base import TenantView
from tenants.api.problems import unauthorized
from tenants.values import Caller

OWN = "own"  # the one scope of a recipient token; no API key has it


@dataclass(frozen=True, slots=True)
class RecipientCaller(Caller):
    """`request.auth` of the routes of recipients."""

    recipient_id: UUID


class RecipientTokenAuthentication(BaseAuthentication):
    """Puts the token's `RecipientCaller` into `request.auth`; anything else is a 401."""

    def authenticate(self, request: Request) -> tuple[None, RecipientCaller]:
        try:
            token = read(bearer_token(request), at=now())
        except BadToken as bad:
            raise unauthorized(f"Send a recipient token: {bad}.", error="invalid_token") from None
        return None, RecipientCaller(
            tenant_id=token.tenant_id,
            mode="live",
            scopes=frozenset({OWN}),
            actor=f"recipient:{token.recipient_id}",
            recipient_id=token.recipient_id,
        )

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="carillon"'


class OwnView(TenantView):
    """A route that one person's token opens, for what is theirs: the inbox, and the preference centre above."""

    authentication_classes = (RecipientTokenAuthentication,)  # type: ignore[assignment]

    @property
    def caller(self) -> RecipientCaller:
        caller = self.request.auth
        assert isinstance(caller, RecipientCaller)
        return caller


class RecipientTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the recipient token is sent."""

    target_class = RecipientTokenAuthentication
    name = "recipient_token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A recipient token from `POST /recipients/{external_id}/token`: opens one person's own "
            "inbox and preferences.",
        }
