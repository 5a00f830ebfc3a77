"""`POST /templates/{key}/test-send`: a template, sent to oneself through the real providers."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from kernel import structs
from kernel.clock import now
from notifications.services.accept import Door
from notifications.values import AcceptedNotification, Refused
from orchestrator.services.trial_sends import NoSuchTemplate, TrialSend, send_trial
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation
from tenants.rules.scopes import SEND


class TestSendBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`to` is an address for e-mail and SMS, or the id of a recipient, whose own language counts before `locale`.
    Without `data` the example data is used; without `version` the draft, or what is in use when there is none.
    """

    __test__ = False

    to: Annotated[str, Meta(min_length=1, max_length=320, examples=["ana@shop.example"])]
    channel: Annotated[str, Meta(min_length=1, max_length=32)]
    locale: Annotated[str, Meta(max_length=40)] = ""
    version: int | Literal["draft", "live"] | None = None
    data: dict[str, Any] | None = None


class TemplateTestSend(TenantView):
    scopes = {"POST": SEND}

    @operation(
        "Send a template to oneself",
        body=TestSendBody,
        answers={202: AcceptedNotification},
        problems=(404,),
        located=True,
        example={"to": "ana@shop.example", "channel": "email", "locale": "de"},
    )
    def post(self, request: Request, key: str) -> Response:
        """Goes the whole way: plan, provider accounts, limits, attempts. A key in test mode sends to the sandbox.

        The notification carries the tag `test-send`; an address nobody has gets a recipient of its own.
        """
        body, caller = decode(request, TestSendBody), self.caller
        asked = TrialSend(key, body.to, body.channel, body.locale, body.version, body.data)
        try:
            answer = send_trial(asked, door=Door(caller.tenant_id, mode=caller.mode, actor=caller.actor), at=now())
        except NoSuchTemplate as trouble:
            raise not_found(str(trouble)) from trouble
        if isinstance(answer, Refused):
            raise invalid([_error(one.pointer, one.code, one.message) for one in answer.troubles])
        shown = structs.decode(answer.body, AcceptedNotification)
        return Response(shown, status=202, headers={"Location": shown.links.self})


def _error(pointer: str, code: str, message: str) -> FieldError:
    """Pointers lead into the body of this route, not into the notification that was made of it."""
    place = {"/recipients/0": "/to", "/channels/0": "/channel"}
    found = next((own for made, own in place.items() if pointer.startswith(made)), pointer)
    return FieldError("/locale" if pointer.endswith("/locale") else found, code, message)
