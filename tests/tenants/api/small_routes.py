"""Small routes that only tests have: each does one thing the base must cope with."""

from typing import Annotated, Any

import msgspec
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.http import Http404
from django.urls import path, re_path
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode, decode_optional
from tenants.api.problems import FieldError, Problem, conflict, invalid, unknown_url
from tenants.models import ApiKey, AuditEntry, Tenant
from tenants.services import audit

BROKEN: dict[str, Exception] = {
    "bug": RuntimeError("the password is hunter2"),
    "operational": OperationalError("connection refused"),
    "interface": InterfaceError("connection already closed"),
    "data": DataError("integer out of range"),
    "integrity": IntegrityError("null value in column"),
    "django404": Http404(),
    "denied": PermissionDenied(),
    "suspicious": SuspiciousOperation(),
    "throttled": exceptions.Throttled(wait=1.2),
    "parse": exceptions.ParseError("bad"),
    "drf500": exceptions.APIException("broken"),
    "conflict": conflict("already_done", detail="It was done."),
    "invalid": invalid([FieldError("/a", "required", "this field is required")]),
}


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=10)] = "thing"
    data: dict[str, Any] = {}


class WhereAmI(TenantView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('carillon.tenant')")
            role, tenant = cursor.fetchone()
        keys = sorted(Tenant.objects.values_list("key", flat=True))
        return Response({"role": role, "tenant": tenant, "sees": keys, "actor": self.caller.actor})


class Lazy(TenantView):
    """Answers with rows that are not read yet."""

    scopes = {"GET": "read"}

    def get(self, request: Request) -> Response:
        return Response(Tenant.objects.values_list("key", flat=True))


class Scopes(TenantView):
    scopes = {"GET": "read", "POST": "send", "PUT": "manage", "DELETE": "admin"}

    def get(self, request: Request) -> Response:
        return Response({})

    post = put = delete = get


class Fails(TenantView):
    """Writes a line, then fails as asked."""

    scopes = {"POST": "send"}

    def post(self, request: Request, how: str) -> Response:
        audit(self.caller.tenant_id, actor=self.caller.actor, action="half.done", at=now())
        if how == "returned":
            return Response({}, status=409)
        if how == "unique":
            key = ApiKey.objects.first()
            assert key is not None
            ApiKey(
                tenant_id=key.tenant_id, mode="live", public_id=key.public_id, secret_hash=b"", scopes=["read"]
            ).save()
        if how == "at_commit":
            connection.connection.close()  # as when the server goes away between the last statement and the commit
            return Response({})
        raise BROKEN[how]


class Things(TenantView):
    """Creates a thing: one line of the audit trail."""

    scopes = {"POST": "send"}
    idempotent = True

    def post(self, request: Request) -> Response:
        thing = decode(request, Thing)
        if thing.name == "refused":
            raise Problem("refused", status=409, detail="Not this one.")
        audit(self.caller.tenant_id, actor=self.caller.actor, action="thing.created", object=thing.name, at=now())
        entry = AuditEntry.objects.filter(object=thing.name).latest("id")
        location = f"/small/things/{entry.id}"
        return Response({"id": entry.id, "data": thing.data, "at": now()}, status=202, headers={"Location": location})


class Optional(TenantView):
    scopes = {"POST": "send"}
    max_body_bytes = 50

    def post(self, request: Request) -> Response:
        return Response(decode_optional(request, Thing))


class Unscoped(TenantView):
    """Talks to the network: no transaction may be open."""

    scopes = {"GET": "read"}
    scoped = False

    def get(self, request: Request) -> Response:
        return Response({"in_transaction": connection.in_atomic_block})


class Named(TenantView):
    scopes = {"GET": "read"}

    def get(self, request: Request, name: str) -> Response:
        return Response(list(Tenant.objects.filter(key=name).values_list("key", flat=True)))


urlpatterns = [
    path("small/where", WhereAmI.as_view()),
    path("small/lazy", Lazy.as_view()),
    path("small/scopes", Scopes.as_view()),
    path("small/fails/<str:how>", Fails.as_view()),
    path("small/things", Things.as_view()),
    path("small/optional", Optional.as_view()),
    path("small/unscoped", Unscoped.as_view()),
    path("small/named/<str:name>", Named.as_view()),
    re_path(r"", unknown_url),
]
handler404 = "tenants.api.problems.unknown_url"
handler500 = "tenants.api.problems.server_error"
