"""E-mail as Resend takes it: its API, idempotency keys, and events that Svix signs."""

import hmac
import json
import time
from base64 import b64decode, b64encode
from uuid import uuid4

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import Wrong, json_of
from channels_app.sandbox.mail_api import MailProtocol, bearer_of, files_in, pairs_in, text_in
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, iso, microseconds

NAMES = {  # resend.com/docs/api-reference/errors, 2026-11
    400: "validation_error",
    401: "restricted_api_key",
    403: "invalid_api_key",
    404: "not_found",
    409: "invalid_idempotent_request",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
}
TYPES = ("delivered", "bounced", "complained", "opened", "clicked")


class Resend(MailProtocol):
    """`POST /emails`."""

    key, path = "resend", "/emails"

    def read(self, request: web.Request, body: bytes) -> Message:
        """JSON: from, to, subject, html, text, reply_to, headers, tags, attachments."""
        if bearer_of(request) != identities.RESEND_API_KEY:
            raise Wrong(_no(403, "invalid_api_key", "API key is invalid"))
        said = json_of(body)
        if not isinstance(said, dict) or not isinstance(said.get("to"), list):
            raise Wrong(self.no(422))
        return self.mail(
            request,
            body,
            to=[str(each) for each in said["to"]],
            sender=text_in(said, "from"),
            subject=text_in(said, "subject"),
            text=text_in(said, "text"),
            html=text_in(said, "html"),
            headers=pairs_in(said, "headers"),
            payload={
                "id": str(uuid4()),
                "tags": said.get("tags", []),
                "reply_to": said.get("reply_to", []),
                "files": files_in(said, "attachments", called="filename"),
            },
        )

    def key_of(self, request: web.Request, body: bytes) -> str:
        """`Idempotency-Key`."""
        return request.headers.get("Idempotency-Key", "")

    def yes(self, message: Message) -> web.Response:
        """The name of the mail."""
        return web.json_response({"id": message.payload["id"]})

    def no(self, status: int) -> web.Response:
        """An error with Resend's name for the status."""
        return _no(status, NAMES.get(status, "application_error"), "Refused by the sandbox")

    def no_address(self) -> web.Response:
        """Which field is wrong stands in the message alone."""
        return _no(422, "validation_error", "Invalid `to` field. The email address needs to follow the format.")

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """An event."""
        if receipt.kind not in TYPES:
            return None
        data = {
            "email_id": message.payload["id"],
            "created_at": iso(microseconds(message.received_at)),
            "from": message.sender,
            "to": [message.to],
            "subject": message.subject,
            "tags": {tag["name"]: tag["value"] for tag in message.payload["tags"]},
        }
        if receipt.kind == "bounced":
            data["bounce"] = {"message": "No such mailbox", "subType": "General", "type": "Permanent"}
        created_at = iso(microseconds(receipt.due_at))
        said = {"type": f"email.{receipt.kind}", "created_at": created_at, "data": data}
        # Svix keeps the name of an event over all attempts.
        return signed(message.hook, json.dumps(said).encode(), name=f"msg_{message.payload['id']}_{receipt.kind}")


protocol = Resend()


def signed(url: str, body: bytes, *, name: str) -> OutgoingReport:
    """A call of Svix: docs.svix.com/receiving/verifying-payloads/how-manual, 2026-11."""
    timestamp, secret = str(int(time.time())), b64decode(identities.RESEND_HOOK_SECRET.removeprefix("whsec_"))
    signature = b64encode(hmac.digest(secret, f"{name}.{timestamp}.".encode() + body, "sha256")).decode()
    headers = {"svix-id": name, "svix-timestamp": timestamp, "svix-signature": f"v1,{signature}"}
    return OutgoingReport(url, {"Content-Type": "application/json", **headers}, body)


def _no(status: int, name: str, text: str) -> web.Response:
    return web.json_response({"statusCode": status, "name": name, "message": text}, status=status)
