"""A tenant's route: who is calling, may they, one transaction that sees one tenant, and the answer after its commit."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from structlog.contextvars import bind_contextvars

from tenants.api.auth import ApiKeyAuthentication
from tenants.api.once import answered_once
from tenants.api.openapi import StructSchema
from tenants.api.problems import answer, forbidden, method_not_allowed, not_found
from tenants.api.render import JsonRenderer, OnlyJson
from tenants.scope import tenant_scope
from tenants.values import Caller

METHODS = ("get", "post", "put", "patch", "delete")


class TenantView(APIView):
    """Write `get`, `post`, … as usual: `self.caller` is who calls, queries see the caller's tenant alone.

    `scopes` says what each method needs and must name every method: nothing is open by omission.
    `idempotent` makes POST honour `Idempotency-Key`. `max_body_bytes` overrides `API_MAX_BODY_BYTES`.
    `scoped = False` is for routes that talk to the network: no transaction is open, they open their own `tenant_scope`.
    An answer of 400 and more, returned or raised, undoes everything.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    idempotent: ClassVar[bool] = False
    scoped: ClassVar[bool] = True
    max_body_bytes: ClassVar[int | None] = None

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (JsonRenderer,)
    parser_classes = ()
    content_negotiation_class = OnlyJson
    metadata_class = None
    http_method_names = (*METHODS, "head")
    schema = StructSchema()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        missing = [name.upper() for name in METHODS if hasattr(cls, name) and name.upper() not in cls.scopes]
        if missing:
            raise ImproperlyConfigured(f"{cls.__qualname__}.scopes says nothing about {', '.join(missing)}")
        if cls.idempotent and not cls.scoped:
            raise ImproperlyConfigured(f"{cls.__qualname__} is idempotent: its answer must be in the transaction")

    @property
    def caller(self) -> Caller:
        caller = self.request.auth
        assert isinstance(caller, Caller)
        return caller

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.args, self.kwargs = args, kwargs
        self.headers: dict[str, str] = {}
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            _refuse_nul(kwargs)
            self.initial(self.request, *args, **kwargs)
            bind_contextvars(tenant=str(self.caller.tenant_id), actor=self.caller.actor)  # for every line of the log
            return self._answer(self._handler())
        except Exception as error:  # noqa: BLE001 - every way out of a route is an answer; bugs are logged there
            return answer(error, request=request)

    def check_permissions(self, request: Request) -> None:
        scope = self.scopes.get("GET" if request.method == "HEAD" else str(request.method))
        if scope is not None and not self.caller.may(scope):
            raise forbidden(scope)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise method_not_allowed(request.method or "", allowed=self.allowed_methods)

    def _handler(self) -> Callable[..., HttpResponse]:
        name = str(self.request.method).lower()
        if name not in self.http_method_names:
            return self.http_method_not_allowed
        found: Callable[..., HttpResponse] = getattr(self, name, self.http_method_not_allowed)
        return found

    def _answer(self, handler: Callable[..., HttpResponse]) -> HttpResponse:
        if not self.scoped:
            return self._rendered(handler)
        with tenant_scope(self.caller.tenant_id):
            if self.idempotent and self.request.method == "POST":
                response = answered_once(self.request, caller=self.caller, work=lambda: self._rendered(handler))
            else:
                response = self._rendered(handler)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                transaction.set_rollback(True)
        return response

    def _rendered(self, handler: Callable[..., HttpResponse]) -> HttpResponse:
        """The handler's answer, rendered while its rows can still be read."""
        answer: Any = handler(self.request, *self.args, **self.kwargs)
        response: HttpResponse = self.finalize_response(self.request, answer)
        if isinstance(response, Response):
            response.render()
        return response


def _refuse_nul(parts: Mapping[str, Any]) -> None:
    """No row has U+0000 in its name: PostgreSQL cannot store it."""
    if any(isinstance(part, str) and "\0" in part for part in parts.values()):
        raise not_found()
