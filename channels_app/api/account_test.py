"""`/provider-accounts/{id}/test`: one real message, to see whether an account works."""

import math
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.shortcuts import get_object_or_404
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from audience.rules.endpoints import GoodEndpoint, read_endpoint
from audience.selectors import recipient_ids
from audience.values import EndpointInput
from channels_app.accounts_stored import account_key
from channels_app.api.account_shapes import AccountTest, AccountTested
from channels_app.api.accounts import refuse_live, usable
from channels_app.contract import Channel, Refused, Retry, SendResult, Sent, Unknown
from channels_app.limits import Held
from channels_app.registry import channels, providers
from channels_app.selectors import accounts_of
from channels_app.testing import Tested, send_test, test_content
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, Problem, invalid
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE
from tenants.scope import tenant_scope
from tenants.services import audit

NOBODY = (UUID(int=0), "test")
OUTCOMES: dict[type[Any], Any] = {Sent: "sent", Retry: "retry", Refused: "refused", Unknown: "unknown"}


class ProviderAccountTest(TenantView):
    """A message to see by."""

    scopes = {"POST": MANAGE}
    scoped = False  # no transaction is open while the provider is called

    @operation(
        "Test a provider account", body=AccountTest, answers={200: AccountTested}, problems=(409, 429),
        example={"to": "ops@example.org"},
    )  # fmt: skip
    def post(self, request: Request, id: UUID) -> Response:
        """Sends a real message at once and tells what the provider answered; also through an account that is off.

        The limits of the account hold: 429 when it has no room. Its breaker and its health hear how it went.
        """
        with tenant_scope(self.caller.tenant_id):
            row = get_object_or_404(accounts_of(self.caller.tenant_id), id=id)
            refuse_live(row.mode, caller_mode=self.caller.mode)
            account = usable(row)
            asked = decode(request, AccountTest)
            channel = channels.get(account.channel)
            kind = asked.kind or next(iter(providers.get(account.provider).kinds), "")
            content = self._content(asked, channel)
            recipient, endpoint = self._address(asked, channel, kind)
            detail = {"account": account_key(row), "channel": channel.key}
            audit(
                self.caller.tenant_id,
                actor=self.caller.actor,
                action="provider_account.tested",
                object=f"provider_account:{row.key}",
                detail=detail,
                at=now(),
            )
        tested = send_test(
            account,
            tenant_id=self.caller.tenant_id,
            recipient=recipient,
            endpoint=endpoint,
            kind=kind,
            content=content,
        )
        if isinstance(tested, Held):
            raise _no_room(tested)
        return Response(_shown(tested))

    def _content(self, asked: AccountTest, channel: Channel) -> msgspec.Struct:
        found = test_content(channel, None if asked.content is UNSET else asked.content)
        if isinstance(found, tuple):
            raise invalid([FieldError(f"/content{fault.pointer}", fault.code, fault.message) for fault in found])
        return found

    def _address(self, asked: AccountTest, channel: Channel, kind: str) -> tuple[tuple[UUID, str], GoodEndpoint | None]:
        if not channel.needs_endpoint:
            name = str(asked.to)
            found = recipient_ids(tenant_id=self.caller.tenant_id, external_ids=(name,))
            if name not in found:
                raise invalid([FieldError("/to", "recipient_not_found", "expected the id of a recipient of yours")])
            return (found[name], name), None
        given = EndpointInput(channel=channel.key, address=asked.to, kind=kind)
        read = read_endpoint(given, pointer="", plain_http=frozenset(settings.EGRESS_ALLOW))
        if isinstance(read, tuple):
            raise invalid(
                [FieldError(fault.pointer.replace("/address", "/to", 1), fault.code, fault.message) for fault in read]
            )
        return NOBODY, read


def _no_room(held: Held) -> Problem:
    seconds = max(math.ceil(held.wait_seconds), 1)
    return Problem(
        "rate_limited",
        status=429,
        detail=f"The limits leave no room for a test now; there is some in {seconds} seconds.",
        headers={"Retry-After": str(seconds)},
    )


def _shown(tested: Tested) -> AccountTested:
    result: SendResult = tested.result
    sent = result if isinstance(result, Sent) else None
    return AccountTested(
        outcome=OUTCOMES[type(result)],
        code=None if isinstance(result, Sent) else result.code,
        detail=result.detail or None,
        provider_message_id=(sent.message_id or None) if sent else None,
        units=sent.units if sent else None,
        seconds=round(tested.seconds, 3),
    )
