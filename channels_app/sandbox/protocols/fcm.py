"""Firebase Cloud Messaging at /fcm: the exchange of a signed assertion for a token, and messages of HTTP v1.

firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, RFC 7523; 2026-11
"""

import json
import re
import secrets
from collections.abc import Iterable
from typing import Any

import jwt
from aiohttp import web

from channels_app.sandbox.http import Refusal, take
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.push_identities import FCM_ACCOUNT, FCM_PROJECT, fcm_key
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

TOKEN_SECONDS = 3600
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth names it wherever the token comes from
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"

# What v1 calls an error of this status: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
CODES = {
    400: "INVALID_ARGUMENT",
    401: "THIRD_PARTY_AUTH_ERROR",
    403: "SENDER_ID_MISMATCH",
    404: "UNREGISTERED",
    429: "QUOTA_EXCEEDED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
STATUS_WORDS = {404: "NOT_FOUND", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 401: "UNAUTHENTICATED"}
_TTL = re.compile(r"\d+(\.\d{1,9})?s")


class Fcm(Protocol):
    """Tokens are good for an hour, until the sandbox ends."""

    key = "fcm"

    def __init__(self) -> None:
        self._tokens: set[str] = set()

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """The token endpoint and the one for messages."""

        async def send(request: web.Request) -> web.StreamResponse:
            return await self._send(request, world)

        return web.post("/fcm/token", self._exchange), web.post("/fcm/v1/projects/{project}/messages:send", send)

    async def _exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            claims = jwt.decode(str(form["assertion"]), fcm_key().public_key(), algorithms=["RS256"], audience=AUDIENCE)
        except (KeyError, jwt.PyJWTError) as wrong:
            return web.json_response({"error": "invalid_grant", "error_description": str(wrong)}, status=400)
        if (form.get("grant_type"), claims.get("iss"), claims.get("scope")) != (GRANT, FCM_ACCOUNT, SCOPE):
            return web.json_response({"error": "unauthorized_client"}, status=401)
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    async def _send(self, request: web.Request, world: World) -> web.StreamResponse:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if request.match_info["project"] != FCM_PROJECT:
            return _error(403, "SENDER_ID_MISMATCH", "The project does not exist.")
        raw = await request.read()
        try:
            message = _message(request, raw)
        except (ValueError, KeyError, TypeError, AttributeError):
            return _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
        if not message.to[0].strip():
            return _error(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token")
        return await take(
            request,
            message,
            world=world,
            yes=lambda ids: web.json_response(
                {"name": f"projects/{FCM_PROJECT}/messages/{message.delivery_id or ids[0]}"}
            ),
            no=_no,
        )


protocol = Fcm()


def _message(request: web.Request, raw: bytes) -> Message:
    """What is said to one device. Raises ValueError and its kin for what FCM would not take."""
    body: dict[str, Any] = json.loads(raw)["message"]
    shown, data = body.get("notification", {}), body.get("data", {})
    ttl = body.get("android", {}).get("ttl", "0s")
    if not all(isinstance(value, str) for value in data.values()) or not _TTL.fullmatch(ttl):
        raise ValueError("data holds texts only, and a ttl is written 3.5s")
    return Message(
        channel="push",
        provider="fcm",
        to=(str(body["token"]),),
        raw=raw,
        sender=FCM_PROJECT,
        subject=str(shown.get("title", "")),
        text=str(shown.get("body", "")),
        payload={"body": body},
        headers={"Content-Type": request.headers.get("Content-Type", "")},
        delivery_id=data.get("carillon_delivery"),
    )


def _no(refusal: Refusal) -> web.Response:
    return _error(refusal.status, CODES.get(refusal.status, "INTERNAL"), "Refused by the sandbox.")


def _error(status: int, code: str, message: str) -> web.Response:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    body = {
        "code": status,
        "message": message,
        "status": STATUS_WORDS.get(status, code),
        "details": [{"@type": kind, "errorCode": code}],
    }
    return web.json_response({"error": body}, status=status)
