"""Somebody's webhook: takes any POST below /webhook/ and says whether its signature is good, when it knows the secret.

`PUT /sandbox/api/webhooks/{name}` with `{"secret": "whsec_…"}` tells it the secret of `/webhook/{name}`; a call that is
not signed with it is answered 401. A call to another name is taken as it comes.
"""

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from channels_app.sandbox.behaviour_json import Fault
from channels_app.sandbox.http import Refusal, take
from channels_app.sandbox.problems import Invalid
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

CHANNEL, PROVIDER = "webhook", "http_webhook"


class Webhook(Protocol):
    """Receivers of webhooks."""

    key = "webhook"

    def __init__(self) -> None:
        self._verifiers: dict[str, Verifier] = {}

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """One for the calls, one to tell it secrets."""

        async def receive(request: web.Request) -> web.StreamResponse:
            return await self._receive(request, world)

        return web.post("/webhook/{name:.+}", receive), web.put("/sandbox/api/webhooks/{name:.+}", self._learn)

    async def _receive(self, request: web.Request, world: World) -> web.StreamResponse:
        raw = await request.read()
        signature = self._judged(request, raw)
        if signature == "bad":
            return web.json_response({"error": "the signature is not good"}, status=401)
        return await take(
            request,
            _message(request, raw, signature=signature),
            world=world,
            yes=lambda ids: web.json_response({"received": ids[0]}),
            no=_no,
        )

    def _judged(self, request: web.Request, raw: bytes) -> str:
        if not request.headers.get("webhook-signature"):
            return "none"
        verifier = self._verifiers.get(request.match_info["name"])
        if verifier is None:
            return "not checked"
        try:
            verifier.verify(raw, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return "bad"
        return "good"

    async def _learn(self, request: web.Request) -> web.Response:
        try:
            verifier = Verifier((await request.json())["secret"])
        except (ValueError, KeyError, TypeError, AttributeError, EmptyWebhookSecretError):
            raise Invalid(Fault("/secret", "invalid", 'expected {"secret": "whsec_…"}')) from None
        self._verifiers[request.match_info["name"]] = verifier
        return web.Response(status=204)


protocol = Webhook()


def _no(refusal: Refusal) -> web.Response:
    return web.json_response({"error": refusal.do}, status=refusal.status)


def _message(request: web.Request, raw: bytes, *, signature: str) -> Message:
    return Message(
        channel=CHANNEL,
        provider=PROVIDER,
        to=(str(request.url),),
        raw=raw,
        subject=request.headers.get("webhook-id", ""),
        text=_pretty(raw),
        payload={"signature": signature, "body": _json(raw)},
        headers=dict(request.headers),
        delivery_id=request.headers.get("webhook-id"),
    )


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _pretty(raw: bytes) -> str:
    body = _json(raw)
    return raw.decode("utf-8", "replace") if body is None else json.dumps(body, indent=2, ensure_ascii=False)
