"""E-mail as Mailgun takes it: forms, plain errors, and events with a signed token."""

import hmac
import json
import time
from collections.abc import Mapping
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import Wrong, basic_of
from channels_app.sandbox.mail_api import MailProtocol
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, microseconds

EVENTS = {
    "delivered": "delivered",
    "bounced": "failed",
    "complained": "complained",
    "opened": "opened",
    "clicked": "clicked",
}


class Mailgun(MailProtocol):
    """`POST /{domain}/messages`."""

    key, path = "mailgun", "/v3/{domain}/messages"

    def read(self, request: web.Request, body: bytes) -> Message:
        """A form, multipart when files come along: from, to, subject, text, html, h:…, v:…, o:tag, attachment."""
        if basic_of(request) != f"api:{identities.MAILGUN_API_KEY}":
            raise Wrong(web.Response(status=401, text="Forbidden"))
        form, files = _form(request.headers.get("Content-Type", ""), body)
        return self.mail(
            request,
            body,
            to=form.get("to", "").split(","),
            sender=form.get("from", ""),
            subject=form.get("subject", ""),
            text=form.get("text", ""),
            html=form.get("html", ""),
            headers={name[2:]: value for name, value in form.items() if name.startswith("h:")},
            payload={
                "id": f"<{uuid4().hex}@{request.match_info['domain']}>",
                "variables": {name[2:]: value for name, value in form.items() if name.startswith("v:")},
                "tag": form.get("o:tag", ""),
                "files": files,
            },
        )

    def yes(self, message: Message) -> web.Response:
        """The name of the mail."""
        return web.json_response({"id": message.payload["id"], "message": "Queued. Thank you."})

    def no(self, status: int) -> web.Response:
        """An error; there are no codes."""
        text = "Domain not found: sandbox" if status == 404 else "Refused by the sandbox"
        return web.json_response({"message": text}, status=status)

    def no_address(self) -> web.Response:
        """Which field is wrong stands in the message alone."""
        text = "'to' parameter is not a valid address. please check documentation"
        return web.json_response({"message": text}, status=400)

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """An event. Token and time stamp are new with every attempt."""
        if receipt.kind not in EVENTS:
            return None
        event: dict[str, Any] = {
            "id": f"{message.id}-{receipt.kind}",
            "event": EVENTS[receipt.kind],
            "timestamp": microseconds(receipt.due_at) / 1e6,
            "recipient": message.to,
            "user-variables": message.payload["variables"],
            "message": {"headers": {"message-id": str(message.payload["id"]).strip("<>"), "to": message.to}},
        }
        if receipt.kind == "bounced":
            event |= {"severity": "permanent", "reason": "bounce", "delivery-status": {"code": receipt.status or 550}}
        said = {"signature": signature(), "event-data": event}
        return OutgoingReport(message.hook, {"Content-Type": "application/json"}, json.dumps(said).encode())


protocol = Mailgun()


def signature() -> Mapping[str, str]:
    """What vouches for a call: documentation.mailgun.com "Securing webhooks", 2026-11."""
    timestamp, token = str(int(time.time())), uuid4().hex + uuid4().hex[:18]
    digest = hmac.digest(identities.MAILGUN_SIGNING_KEY.encode(), f"{timestamp}{token}".encode(), "sha256")
    return {"timestamp": timestamp, "token": token, "signature": digest.hex()}


def _form(content_type: str, body: bytes) -> tuple[dict[str, str], list[str]]:
    """The fields, and the names of the files."""
    if not content_type.startswith("multipart/form-data"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)), []
    form, files = dict[str, str](), []
    for part in message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            if file_name := part.get_filename():
                files.append(file_name)
            else:
                form[name] = content.decode("utf-8", "replace")
    return form, files
