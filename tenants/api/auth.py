"""Who is calling: `Authorization: Bearer <key>`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from kernel.clock import now
from tenants.api.problems import unauthorized
from tenants.keys import authenticate
from tenants.values import Caller


class ApiKeyAuthentication(BaseAuthentication):
    """Puts the key's `Caller` into `request.auth`; anything else is a 401."""

    def authenticate(self, request: Request) -> tuple[None, Caller]:
        caller = authenticate(bearer_token(request), at=now())
        if caller is None:
            raise unauthorized("The key is unknown, expired or revoked.", error="invalid_token")
        return None, caller

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="carillon"'


def bearer_token(request: Request) -> str:
    """The token of the request. Raises `Problem` 401 when there is none."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthorized("Send `Authorization: Bearer <key>`.")
    return str(token)
