"""SMS as Vonage takes them: its Messages API, its errors, its status webhooks and their signed token."""

import json
import re
import time
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import jwt
from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import ApiProtocol, Wrong, basic_of, json_of, shown_headers
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, iso, microseconds

NUMBER = re.compile(r"[1-9]\d{6,14}", re.ASCII)
ERRORS = "https://developer.vonage.com/api-errors/messages"
CODES = {  # developer.vonage.com/api-errors/messages, 2026-11
    400: (1170, "Invalid or missing MSISDN parameter"),
    401: (0, "Unauthorized"),
    402: (1070, "Partner quota exceeded"),
    403: (1060, "Partner account barred"),
    429: (1000, "Throttled"),
    500: (1030, "Internal error"),
}
STATUSES = {"delivered": ("delivered", None), "bounced": ("undeliverable", 1190)}


class Vonage(ApiProtocol):
    """The Messages resource of version 1."""

    key, channel, path = "vonage", "sms", "/v1/messages"

    def read(self, request: web.Request, body: bytes) -> Message:
        """JSON: to, from, text, client_ref, webhook_url."""
        if basic_of(request) != f"{identities.VONAGE_API_KEY}:{identities.VONAGE_API_SECRET}":
            raise Wrong(self.no(401))
        said = json_of(body)
        if not isinstance(said, dict) or said.get("message_type") != "text" or not said.get("text"):
            raise Wrong(_no(422, 1020, "Invalid params"))
        if not NUMBER.fullmatch(str(said.get("to", ""))):
            raise Wrong(self.no(400))
        return Message(
            channel=self.channel,
            provider=self.key,
            to=(f"+{said['to']}",),
            raw=body,
            sender=str(said.get("from", "")),
            text=str(said["text"]),
            payload={"id": str(uuid4()), **said},
            headers=shown_headers(request),
            delivery_id=said.get("client_ref"),
            hook=str(said.get("webhook_url", "")),
        )

    def yes(self, message: Message) -> web.Response:
        """The name of the message."""
        return web.json_response({"message_uuid": message.payload["id"]}, status=202)

    def no(self, status: int) -> web.Response:
        """A problem with Vonage's code for the status."""
        code, title = CODES.get(status, (1030, "Refused by a sandbox behaviour"))
        return _no(status, code, title)

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """A status webhook. People neither open nor click an SMS."""
        if receipt.kind not in STATUSES:
            return None
        status, error = STATUSES[receipt.kind]
        said = {
            "message_uuid": message.payload["id"],
            "to": message.to.removeprefix("+"),
            "from": message.sender,
            "timestamp": iso(microseconds(receipt.due_at)),
            "status": status,
            "channel": "sms",
            "client_ref": message.delivery_id,
            "usage": {"currency": "EUR", "price": "0.0333"},
        }
        if error:
            said["error"] = {"type": f"{ERRORS}#{error}", "title": error, "detail": "", "instance": str(uuid4())}
        body = json.dumps(said).encode()
        return OutgoingReport(message.hook, {"Content-Type": "application/json", "Authorization": signed(body)}, body)

    def reply(self, message: Accepted, text: str) -> OutgoingReport | None:
        """An incoming message, to where the status webhooks go: an application's own URL is set in the dashboard."""
        hook = str(message.payload.get("webhook_url", ""))
        if not hook:
            return None
        said = {
            "channel": "sms",
            "message_uuid": str(uuid4()),
            "message_type": "text",
            "from": message.to.removeprefix("+"),
            "to": message.sender,
            "timestamp": datetime.now(UTC).isoformat(),
            "text": text,
        }
        body = json.dumps(said).encode()
        return OutgoingReport(hook, {"Content-Type": "application/json", "Authorization": signed(body)}, body)


protocol = Vonage()


def signed(body: bytes) -> str:
    """The token Vonage sends along: who calls, when, and the digest of the body."""
    claims = {
        "iss": "Vonage",
        "iat": int(time.time()),
        "jti": str(uuid4()),
        "api_key": identities.VONAGE_API_KEY,
        "payload_hash": sha256(body).hexdigest(),
    }
    return f"Bearer {jwt.encode(claims, identities.VONAGE_SIGNATURE_SECRET, algorithm='HS256')}"


def _no(status: int, code: int, title: str) -> web.Response:
    said = {"type": f"{ERRORS}#{code or 'unauthorized'}", "title": title, "detail": title, "instance": str(uuid4())}
    return web.json_response(said, status=status, content_type="application/problem+json")
