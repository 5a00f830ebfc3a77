"""`/types`: kinds of messages and what requests of them need not say."""

from collections.abc import Iterator
from uuid import UUID

from django.shortcuts import get_object_or_404
from msgspec import UNSET, to_builtins
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.registry import channels
from kernel.clock import now
from notifications.api.filters import TypeFilter
from notifications.api.shapes import TypeBody, TypeShown
from notifications.api.shown import types_shown
from notifications.catalogue import strategy_names
from notifications.rules.policy import policy_troubles
from notifications.rules.types import type_troubles
from notifications.selectors import types_of
from notifications.services.types import delete_type, save_type
from notifications.values import PRIORITY_NUMBER
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ


class Types(TenantView):
    scopes = {"GET": READ}

    @operation("List notification types", answers={200: page_of(TypeShown)}, query=TypeFilter)
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = filtered(request, types_of(self.caller.tenant_id), by=TypeFilter)
        return Response(paginate(request, rows, show=types_shown))


class Type(TenantView):
    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get a notification type", answers={200: TypeShown})
    def get(self, request: Request, key: str) -> Response:
        """A kind of message and its defaults."""
        return Response(types_shown([get_object_or_404(types_of(self.caller.tenant_id), key=key)])[0])

    @operation(
        "Create or replace a notification type",
        body=TypeBody,
        answers={200: TypeShown, 201: TypeShown},
        located=True,
        example={"name": "Order confirmation", "category": "transactional", "priority": "high", "channels": ["email"]},
    )
    def put(self, request: Request, key: str) -> Response:
        """Says everything anew: what is left out has its default. What was accepted before keeps what held then."""
        body, caller = decode(request, TypeBody), self.caller
        if errors := list(_errors(body, key=key, tenant_id=caller.tenant_id)):
            raise invalid(errors)
        facts = {name: getattr(body, name) for name in TypeBody.__struct_fields__ if name != "key"}
        facts["priority"] = PRIORITY_NUMBER[body.priority]
        facts["policy"] = to_builtins(body.policy)
        row, created = save_type(tenant_id=caller.tenant_id, key=key, facts=facts, actor=caller.actor, at=now())
        headers = {"Location": request.path.rstrip("/")} if created else None
        return Response(types_shown([row])[0], status=201 if created else 200, headers=headers)

    @operation("Delete a notification type", answers={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """Not what was sent by it. Deleting it twice is a success too."""
        delete_type(tenant_id=self.caller.tenant_id, key=key, actor=self.caller.actor, at=now())
        return Response(status=204)


def _errors(body: TypeBody, *, key: str, tenant_id: UUID) -> Iterator[FieldError]:
    if body.key is not UNSET and body.key != key:
        yield FieldError("/key", "conflict", f"the URL says '{key[:100]}'; leave it out or say the same")
    for trouble in type_troubles(
        key=key,
        strategy=body.strategy,
        channels=body.channels,
        known_strategies=strategy_names(tenant_id, wanted=(body.strategy,)),
        known_channels=channels.keys(),
    ):
        yield FieldError(trouble.pointer, trouble.code, trouble.message)
    for pointer, code, message in policy_troubles(body.policy, known_channels=tuple(channels.keys())):
        yield FieldError(f"/policy{pointer}", code, message)
