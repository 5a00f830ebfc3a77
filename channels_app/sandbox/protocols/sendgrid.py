"""E-mail as SendGrid takes it: its API version 3, and batches of signed events."""

import json
import time
from base64 import b64encode
from typing import Any
from uuid import uuid4

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import Wrong, json_of
from channels_app.sandbox.mail_api import MailProtocol, bearer_of, files_in, pairs_in, text_in
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, microseconds

EVENTS = {
    "delivered": {"event": "delivered", "response": "250 OK"},
    "bounced": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such mailbox"},
    "complained": {"event": "spamreport"},
    "opened": {"event": "open"},
    "clicked": {"event": "click", "url": "https://example.org/"},
}


class SendGrid(MailProtocol):
    """`POST /mail/send`."""

    key, path = "sendgrid", "/v3/mail/send"

    def read(self, request: web.Request, body: bytes) -> Message:
        """JSON: personalizations, from, subject, content, headers, custom_args, categories, attachments."""
        if bearer_of(request) != identities.SENDGRID_API_KEY:
            raise Wrong(self.no(401))
        said = json_of(body)
        try:
            to = [str(each["email"]) for each in said["personalizations"][0]["to"]]
            content = {str(part["type"]): str(part["value"]) for part in said["content"]}
            sender = text_in(said["from"], "email")
        except (KeyError, IndexError, TypeError):
            raise Wrong(_no(400, "Bad Request", None)) from None
        return self.mail(
            request,
            body,
            to=to,
            sender=sender,
            subject=text_in(said, "subject"),
            text=content.get("text/plain", ""),
            html=content.get("text/html", ""),
            headers=pairs_in(said, "headers"),
            payload={
                "id": uuid4().hex[:22],
                "custom_args": said.get("custom_args", {}),
                "categories": said.get("categories", []),
                "reply_to": said.get("reply_to_list", []),
                "files": files_in(said, "attachments", called="filename"),
            },
        )

    def yes(self, message: Message) -> web.Response:
        """The name of the mail, in a header; the body is empty."""
        return web.Response(status=202, headers={"X-Message-Id": message.payload["id"]})

    def no(self, status: int) -> web.Response:
        """An error."""
        return _no(status, "Refused by the sandbox", None)

    def no_address(self) -> web.Response:
        """The field is named."""
        return _no(400, "Does not contain a valid address.", "personalizations.0.to.0.email")

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """A batch of one event. Its name stays the same over all attempts."""
        if receipt.kind not in EVENTS:
            return None
        event: dict[str, Any] = {
            **EVENTS[receipt.kind],
            **message.payload["custom_args"],
            "email": message.to,
            "timestamp": microseconds(receipt.due_at) // 1_000_000,
            "sg_event_id": f"{message.payload['id']}-{receipt.kind}",
            "sg_message_id": f"{message.payload['id']}.recvd-sandbox-0",
        }
        return signed(message.hook, json.dumps([event]).encode())


protocol = SendGrid()


def signed(url: str, body: bytes) -> OutgoingReport:
    """A call of the signed event webhook: ECDSA over the time stamp and the body."""
    timestamp = str(int(time.time()))
    signature = identities.sendgrid_key().sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    return OutgoingReport(url, headers, body)


def _no(status: int, text: str, field: str | None) -> web.Response:
    return web.json_response({"errors": [{"message": text, "field": field, "help": None}]}, status=status)
