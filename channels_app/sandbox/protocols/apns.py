"""Apple's push service: HTTP/2 over TLS, on a port of its own whose address is in /sandbox/healthz.

developer.apple.com "Sending notification requests to APNs", "Handling notification responses from APNs", 2026-11
"""

import asyncio
import json
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import jwt

from channels_app.sandbox.http import judge, note_refusal
from channels_app.sandbox.http2 import Answer, Http2Server, Request
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.push_identities import APNS_KEY_ID, APNS_TEAM_ID, APNS_TOPIC, elliptic_key
from channels_app.sandbox.values import Message, address
from channels_app.sandbox.world import World

PATH = "/3/device/"
MOST_BYTES = 4096
TOKEN_LIFE_SECONDS = 3600
REASONS = {
    400: "BadDeviceToken",
    403: "InvalidProviderToken",
    410: "Unregistered",
    413: "PayloadTooLarge",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class Wrong(ValueError):
    """A request that APNs would not take."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Apns(Protocol):
    """Takes alerts for one topic, with tokens signed by the one key it knows."""

    key = "apns"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--apns-port`."""
        parser.add_argument("--apns-port", type=int, default=0, help="port of the APNs server (default: any free one)")

    async def start(self, world: World, *, options: Namespace) -> Mapping[str, str]:
        """Listen. Raises OSError when the port is taken."""
        self._world = world
        self._server = Http2Server(self._serve)
        host, port = await self._server.start(options.host, options.apns_port)
        return {self.key: address(host, port)}

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        await self._server.stop()

    async def _serve(self, request: Request) -> Answer:
        id = request.headers.get("apns-id") or str(uuid4())
        try:
            message = _read(request, id=id)
        except Wrong as wrong:
            return _no(wrong.status, wrong.reason, id=id)
        verdict = judge(message, world=self._world)
        if verdict.refusal is not None:
            refusal = verdict.refusal
            reason = REASONS.get(refusal.status, "InternalServerError")
            note_refusal(refusal, message, status=refusal.status, answer=reason, world=self._world)
            return _no(refusal.status, reason, id=id, retry_after=refusal.retry_after)
        await asyncio.sleep(verdict.delay_seconds)  # cancelled when the client hangs up meanwhile
        self._world.accept(message, chosen=verdict.chosen)
        return Answer(200, {"apns-id": id}, drops=verdict.drops, drip_seconds=verdict.drip_seconds)


protocol = Apns()


def _read(request: Request, *, id: str) -> Message:
    """An alert for one device. Raises Wrong."""
    headers = request.headers
    if headers[":method"] != "POST":
        raise Wrong(405, "MethodNotAllowed")
    token = headers[":path"].removeprefix(PATH)
    if token == headers[":path"] or not token:
        raise Wrong(400, "MissingDeviceToken") if token == "" else Wrong(404, "BadPath")
    _check_token(headers.get("authorization", ""))
    _check_headers(headers, id=id)
    if len(request.body) > MOST_BYTES:
        raise Wrong(413, "PayloadTooLarge")
    try:
        body: dict[str, Any] = json.loads(request.body)
        alert = body["aps"]["alert"]
        title, text = str(alert["title"]), str(alert.get("body", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Wrong(400, "PayloadEmpty") from None
    kept = {name: value for name, value in headers.items() if name.startswith("apns-")}
    return Message(
        channel="push",
        provider="apns",
        to=(token,),
        raw=request.body,
        sender=headers["apns-topic"],
        subject=title,
        text=text,
        payload={"body": body},
        headers=kept,
        delivery_id=body.get("carillon_delivery"),
    )


def _check_headers(headers: Mapping[str, str], *, id: str) -> None:
    if headers.get("apns-topic") != APNS_TOPIC:
        raise Wrong(400, "MissingTopic") if "apns-topic" not in headers else Wrong(400, "TopicDisallowed")
    try:
        UUID(id)
    except ValueError:
        raise Wrong(400, "BadMessageId") from None
    if not headers.get("apns-expiration", "0").isdigit():
        raise Wrong(400, "BadExpirationDate")
    if len(headers.get("apns-collapse-id", "").encode()) > 64:
        raise Wrong(400, "BadCollapseId")


def _check_token(authorization: str) -> None:
    token = authorization.removeprefix("bearer ")
    if not authorization or token == authorization:
        raise Wrong(403, "MissingProviderToken")
    try:
        claims = jwt.decode(token, elliptic_key("apns key").public_key(), algorithms=["ES256"])
        signer = claims.get("iss"), jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        raise Wrong(403, "InvalidProviderToken") from None
    if signer != (APNS_TEAM_ID, APNS_KEY_ID):
        raise Wrong(403, "InvalidProviderToken")
    if time.time() - int(claims.get("iat", 0)) > TOKEN_LIFE_SECONDS:
        raise Wrong(403, "ExpiredProviderToken")


def _no(status: int, reason: str, *, id: str, retry_after: float | None = None) -> Answer:
    headers = {"apns-id": id} | ({} if retry_after is None else {"retry-after": f"{retry_after:g}"})
    body: dict[str, Any] = {"reason": reason}
    if status == 410:
        body["timestamp"] = time.time_ns() // 1_000_000
    return Answer(status, headers, json.dumps(body).encode())
