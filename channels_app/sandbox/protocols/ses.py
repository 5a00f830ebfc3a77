"""E-mail as Amazon SES takes it: SendEmail of its API version 2, and events through a topic of SNS."""

from base64 import b64decode
from dataclasses import replace
from typing import Any
from uuid import uuid4

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import Wrong, json_of
from channels_app.sandbox.aws_certificate import published
from channels_app.sandbox.aws_signature import is_signed
from channels_app.sandbox.mail import read_mail
from channels_app.sandbox.mail_api import MailProtocol
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, iso, microseconds

CODES = {  # docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, 2026-11
    400: "BadRequestException",
    401: "UnrecognizedClientException",
    403: "SignatureDoesNotMatch",
    404: "NotFoundException",
    429: "TooManyRequestsException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}


class Ses(MailProtocol):
    """`POST /v2/email/outbound-emails`, of a mail as it is."""

    key, path = "ses", "/v2/email/outbound-emails"

    def read(self, request: web.Request, body: bytes) -> Message:
        """JSON: FromEmailAddress, Destination, Content.Raw.Data, EmailTags."""
        if not is_signed(request, body):
            raise Wrong(self.no(403))
        said = json_of(body)
        try:
            raw = b64decode(said["Content"]["Raw"]["Data"])
            to = [str(each) for each in said["Destination"]["ToAddresses"]]
            tags = {str(tag["Name"]): [str(tag["Value"])] for tag in said.get("EmailTags", [])}
        except (KeyError, TypeError, ValueError):
            raise Wrong(self.no(400)) from None
        mail = read_mail(raw)
        headers = {name: str(value) for name, value in mail.headers.items()}
        hook = headers.pop(identities.HOOK_HEADER, "")
        payload = {
            "id": f"0102{uuid4().hex[:12]}-{uuid4()}-000000",
            "tags": tags,
            "origin": f"{request.scheme}://{request.host}",
            "size": len(raw),
            "files": [file.filename for file in mail.attachments],
        }
        message = self.mail(
            request,
            raw,
            to=to,
            sender=str(said.get("FromEmailAddress", "")),
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            headers=headers,
            payload=payload,
        )
        return replace(message, hook=hook)

    def yes(self, message: Message) -> web.Response:
        """The name of the mail."""
        return web.json_response({"MessageId": message.payload["id"]})

    def no(self, status: int) -> web.Response:
        """An error with Amazon's code for the status, in a header."""
        return _no(status, CODES.get(status, "InternalFailure"), "Refused by the sandbox")

    def no_address(self) -> web.Response:
        """What is wrong stands in the message alone."""
        return _no(400, "BadRequestException", "Illegal address")

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """An event of a configuration set."""
        when = iso(microseconds(receipt.due_at))
        person = {"emailAddress": message.to, "action": "failed", "status": "5.1.1"}
        kinds: dict[str, tuple[str, dict[str, Any]]] = {
            "delivered": ("Delivery", {"recipients": [message.to], "smtpResponse": "250 OK"}),
            "bounced": (
                "Bounce",
                {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [person]},
            ),
            "complained": ("Complaint", {"complaintFeedbackType": "abuse"}),
            "opened": ("Open", {"userAgent": "sandbox"}),
            "clicked": ("Click", {"link": "https://example.org/"}),
        }
        if receipt.kind not in kinds:
            return None
        kind, said = kinds[receipt.kind]
        mail = {
            "timestamp": iso(microseconds(message.received_at)),
            "messageId": message.payload["id"],
            "destination": [message.to],
            "tags": message.payload["tags"],
        }
        event = {"eventType": kind, "mail": mail, kind.lower(): {**said, "timestamp": when}}
        return published(message.hook, event, origin=str(message.payload["origin"]))


protocol = Ses()


def _no(status: int, code: str, text: str) -> web.Response:
    return web.json_response({"message": text}, status=status, headers={"x-amzn-ErrorType": code})
