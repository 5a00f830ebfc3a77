"""SMS as Twilio takes them: its REST API, its errors, its status callbacks and their signature."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import uuid4

from aiohttp import web
from twilio.request_validator import RequestValidator

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import ApiProtocol, Wrong, basic_of, shown_headers
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
CODES = {  # twilio.com/docs/api/errors, 2026-11
    400: (21211, "The 'To' number is not a valid phone number."),
    401: (20003, "Authenticate"),
    403: (20005, "Account not active"),
    404: (20404, "The requested resource was not found"),
    429: (20429, "Too Many Requests"),
    500: (20500, "An internal server error has occurred"),
    503: (20503, "Service is unavailable. Please try again"),
}
STATUSES = {"delivered": ("delivered", ""), "bounced": ("undelivered", "30005")}


class Twilio(ApiProtocol):
    """The Messages resource of the API version 2010-04-01."""

    key, channel = "twilio", "sms"
    path = "/2010-04-01/Accounts/{sid}/Messages.json"

    def read(self, request: web.Request, body: bytes) -> Message:
        """A form: To, Body, From or MessagingServiceSid, StatusCallback."""
        if basic_of(request) != f"{identities.TWILIO_ACCOUNT_SID}:{identities.TWILIO_AUTH_TOKEN}":
            raise Wrong(self.no(401))
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        to, text, callback = form.get("To", ""), form.get("Body", ""), form.get("StatusCallback", "")
        if not E164.fullmatch(to):
            raise Wrong(_no(400, 21211, "The 'To' number is not a valid phone number."))
        if not text or len(text) > 1600:
            raise Wrong(_no(400, 21617 if text else 21602, "The message body is missing or too long"))
        sender = form.get("From") or form.get("MessagingServiceSid") or ""
        if not sender:
            raise Wrong(_no(400, 21603, "A 'From' phone number is required"))
        return Message(
            channel=self.channel,
            provider=self.key,
            to=(to,),
            raw=body,
            sender=sender,
            text=text,
            payload={"id": f"SM{uuid4().hex}", **form},
            headers=shown_headers(request),
            delivery_id=(parse_qs(urlsplit(callback).query).get("carillon_delivery") or [""])[0] or None,
            hook=callback,
        )

    def yes(self, message: Message) -> web.Response:
        """The Message resource, queued."""
        form = message.payload
        resource = {
            "sid": form["id"],
            "account_sid": identities.TWILIO_ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": message.text,
            "direction": "outbound-api",
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "to": message.to[0],
            "num_media": "0",
            "num_segments": "1",
            "status": "queued",
            "error_code": None,
            "error_message": None,
            "date_created": None,
            "uri": f"/2010-04-01/Accounts/{identities.TWILIO_ACCOUNT_SID}/Messages/{form['id']}.json",
        }
        return web.json_response(resource, status=201)

    def no(self, status: int) -> web.Response:
        """An error with Twilio's code for the status."""
        code, text = CODES.get(status, (20001, "Refused by a sandbox behaviour"))
        return _no(status, code, text)

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """A status callback. People neither open nor click an SMS."""
        if receipt.kind not in STATUSES:
            return None
        status, error = STATUSES[receipt.kind]
        form = {
            "AccountSid": identities.TWILIO_ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "MessageSid": str(message.payload["id"]),
            "MessageStatus": status,
            "SmsSid": str(message.payload["id"]),
            "SmsStatus": status,
            "To": message.to,
        }
        return signed(message.hook, form | ({"ErrorCode": error} if error else {}))

    def reply(self, message: Accepted, text: str) -> OutgoingReport | None:
        """An incoming message, to where the status callbacks go: a number's own URL is set in the dashboard."""
        hook = str(message.payload.get("StatusCallback", "")).partition("?")[0]
        if not hook:
            return None
        sid = f"SM{uuid4().hex}"
        form = {
            "AccountSid": identities.TWILIO_ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "Body": text,
            "From": message.to,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": message.sender,
        }
        return signed(hook, form)


protocol = Twilio()


def signed(url: str, form: Mapping[str, str]) -> OutgoingReport:
    """A call of Twilio: a form, with its signature over URL and fields."""
    signature = RequestValidator(identities.TWILIO_AUTH_TOKEN).compute_signature(url, form)
    headers = {**FORM, "X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": uuid4().hex}
    return OutgoingReport(url, headers, urlencode(form).encode())


def _no(status: int, code: int, text: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": text, "more_info": more, "status": status}, status=status)
