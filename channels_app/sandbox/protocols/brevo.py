"""E-mail as Brevo takes it: its API, idempotency keys, and events behind a password."""

import json
from uuid import uuid4

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import Wrong, json_of
from channels_app.sandbox.mail_api import MailProtocol, files_in, pairs_in, text_in
from channels_app.sandbox.protocols.postmark import behind_password
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, microseconds

CODES = {  # developers.brevo.com/docs/how-it-works, 2026-11
    400: "invalid_parameter",
    401: "unauthorized",
    402: "not_enough_credits",
    403: "permission_denied",
    404: "document_not_found",
    409: "duplicate_parameter",
    429: "too_many_requests",
}
EVENTS = {
    "delivered": "delivered",
    "bounced": "hard_bounce",
    "complained": "spam",
    "opened": "opened",
    "clicked": "click",
}


class Brevo(MailProtocol):
    """`POST /smtp/email`."""

    key, path = "brevo", "/v3/smtp/email"

    def read(self, request: web.Request, body: bytes) -> Message:
        """JSON: sender, to, subject, htmlContent, textContent, replyTo, headers, tags, attachment."""
        if request.headers.get("api-key") != identities.BREVO_API_KEY:
            raise Wrong(self.no(401))
        said = json_of(body)
        if not isinstance(said, dict) or not isinstance(said.get("to"), list):
            raise Wrong(self.no(400))
        headers = pairs_in(said, "headers")
        sender = said.get("sender")
        return self.mail(
            request,
            body,
            to=[str(each.get("email", "")) for each in said["to"] if isinstance(each, dict)],
            sender=text_in(sender, "email") if isinstance(sender, dict) else "",
            subject=text_in(said, "subject"),
            text=text_in(said, "textContent"),
            html=text_in(said, "htmlContent"),
            headers=headers,
            payload={
                "id": f"<{uuid4().hex}@smtp-relay.mailin.fr>",
                "custom": headers.get("X-Mailin-custom", ""),
                "tags": said.get("tags", []),
                "reply_to": said.get("replyTo", {}),
                "files": files_in(said, "attachment", called="name"),
            },
        )

    def key_of(self, request: web.Request, body: bytes) -> str:
        """Among the headers of the mail."""
        return pairs_in(json_of(body), "headers").get("idempotencyKey", "")

    def again(self, kept: str) -> web.Response:
        """A key that was seen is an error here, whatever comes with it."""
        return _no(400, "duplicate_parameter", "idempotencyKey was used before")

    def yes(self, message: Message) -> web.Response:
        """The name of the mail."""
        return web.json_response({"messageId": message.payload["id"]}, status=201)

    def no(self, status: int) -> web.Response:
        """An error with Brevo's code for the status."""
        return _no(status, CODES.get(status, "internal_error"), "Refused by the sandbox")

    def no_address(self) -> web.Response:
        """Which field is wrong stands in the message alone."""
        return _no(400, "invalid_parameter", "email is not valid in to")

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """An event."""
        if receipt.kind not in EVENTS:
            return None
        epoch = microseconds(receipt.due_at) // 1000
        said = {
            "event": EVENTS[receipt.kind],
            "email": message.to,
            "id": 1,
            "message-id": message.payload["id"],
            "subject": message.subject,
            "ts": epoch // 1000,
            "ts_event": epoch // 1000,
            "ts_epoch": epoch,
            "X-Mailin-custom": message.payload["custom"],
            "tags": message.payload["tags"],
        }
        return behind_password(message.hook, json.dumps(said).encode())


protocol = Brevo()


def _no(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"code": code, "message": text}, status=status)
