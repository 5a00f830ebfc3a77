"""A push service for browsers at /web_push/…: RFC 8030, with the encryption of RFC 8291 and the keys of RFC 8292.

`POST /sandbox/api/subscriptions` with `{"name": "ana"}` gives a subscription like a browser's. Its keys follow from its
name, so the sandbox can read what is sent to it, and shows it.
"""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any

import http_ece  # type: ignore[import-untyped]
import jwt
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels_app.sandbox.behaviour_json import Fault
from channels_app.sandbox.http import Refusal, take
from channels_app.sandbox.identities import made_up
from channels_app.sandbox.problems import Invalid
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.push_identities import elliptic_key
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

CHANNEL = "web_push"
MOST_BYTES = 4096  # RFC 8030, 7.2: a push service takes at least so much
DAY_SECONDS = 86_400


class Wrong(ValueError):
    """A request that a push service would not take."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class WebPush(Protocol):
    """Takes encrypted messages for the subscriptions it gives out."""

    key = "web_push"

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """The push resources, and where to subscribe."""

        async def receive(request: web.Request) -> web.StreamResponse:
            return await self._receive(request, world)

        return web.post("/web_push/{name}", receive), web.post("/sandbox/api/subscriptions", _subscribe)

    async def _receive(self, request: web.Request, world: World) -> web.StreamResponse:
        raw = await request.read()
        try:
            _check(request, raw)
            message = _message(request, raw)
        except Wrong as wrong:
            return _error(wrong.status, wrong.reason)
        return await take(
            request,
            message,
            world=world,
            yes=lambda ids: web.Response(status=201, headers={"Location": f"/web_push/message/{ids[0]}"}),
            no=_no,
        )


protocol = WebPush()


def keys_of(name: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The private key and the secret of a subscription."""
    return elliptic_key(f"subscription {name}"), bytes.fromhex(made_up(f"subscription secret {name}"))


async def _subscribe(request: web.Request) -> web.Response:
    body: Any = None
    if request.can_read_body:
        try:
            body = await request.json()
        except ValueError:
            raise Invalid(Fault("", "invalid", 'expected {"name": "ana"}, or nothing')) from None
    name = str(body.get("name") or "") if isinstance(body, dict) else ""
    name = name or made_up(f"subscriber {time.time_ns()}", chars=12)
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise Invalid(Fault("/name", "invalid", "a name has letters, digits, - and _"))
    key, secret = keys_of(name)
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    subscription = {
        "endpoint": f"{request.url.origin()}/web_push/{name}",
        "expirationTime": None,
        "keys": {"p256dh": _text(public), "auth": _text(secret)},
    }
    return web.json_response(subscription, status=201)


def _check(request: web.Request, raw: bytes) -> None:
    """What RFC 8030 and RFC 8292 ask of a request. Raises Wrong."""
    if not request.headers.get("TTL", "").isdigit():
        raise Wrong(400, "Missing or bad TTL header")
    if request.headers.get("Content-Encoding") != "aes128gcm":
        raise Wrong(400, "Unknown Content-Encoding")
    if len(raw) > MOST_BYTES:
        raise Wrong(413, "Payload too large")
    topic = request.headers.get("Topic", "")
    if len(topic) > 32 or not (topic == "" or topic.replace("-", "").replace("_", "").isalnum()):
        raise Wrong(400, "Topic is no base64url of at most 32 letters")
    _check_vapid(request)


def _check_vapid(request: web.Request) -> None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    given = dict(part.strip().partition("=")[::2] for part in value.split(","))
    if scheme.lower() != "vapid" or not {"t", "k"} <= given.keys():
        raise Wrong(401, "Missing VAPID credentials")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(given["k"]))
        origin = str(request.url.origin())
        claims = jwt.decode(given["t"], public, algorithms=["ES256"], audience=origin, options={"require": ["exp"]})
    except (ValueError, jwt.PyJWTError) as wrong:
        raise Wrong(403, f"Bad VAPID credentials: {wrong}") from None
    if claims["exp"] > time.time() + DAY_SECONDS or not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
        raise Wrong(403, "Bad VAPID claims")


def _message(request: web.Request, raw: bytes) -> Message:
    key, secret = keys_of(request.match_info["name"])
    try:
        plain = http_ece.decrypt(raw, private_key=key, auth_secret=secret, version="aes128gcm")
    except (http_ece.ECEException, InvalidTag, ValueError):
        raise Wrong(400, "It was not encrypted for this subscription") from None
    body = _json(plain)
    delivery_id = body.get("data", {}).get("carillon_delivery") if isinstance(body.get("data"), dict) else None
    return Message(
        channel=CHANNEL,
        provider="vapid",
        to=(str(request.url),),
        raw=raw,
        subject=str(body.get("title", "")),
        text=str(body.get("body", "")) if body else plain.decode("utf-8", "replace"),
        payload={"body": body, "ttl": request.headers["TTL"], "topic": request.headers.get("Topic", "")},
        headers={name: value for name, value in request.headers.items() if name.lower() != "authorization"},
        delivery_id=delivery_id,
    )


def _json(plain: bytes) -> dict[str, Any]:
    try:
        body = json.loads(plain)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _no(refusal: Refusal) -> web.Response:
    return _error(refusal.status, "Refused by the sandbox")


def _error(status: int, reason: str) -> web.Response:
    return web.json_response({"code": status, "error": reason}, status=status)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
