"""SMS through Twilio, with its own library."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.http import QueryDict
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm
from twilio.rest import Client as Library

from channels_app.channels.sms import SmsContent
from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Forged,
    Heard,
    HookRequest,
    Inbound,
    Message,
    NotUnderstood,
    Provider,
    Receipt,
    Refused,
    SendResult,
    Sent,
    Unknown,
    WrongCredentials,
)
from channels_app.credentials import Form, Plain, Sandbox, Secret
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, judge, retry_after
from channels_app.rules.hooks import DELIVERY, delivery_of
from channels_app.rules.phones import e164, sender_for, takes_replies
from channels_app.rules.segments import segments
from channels_app.rules.twilio_words import KINDS, PERMANENT, WORDS
from channels_app.sandbox import identities
from channels_app.wire.client import Client
from channels_app.wire.replies import without_secrets
from channels_app.wire.requests_session import CallSession
from kernel.clock import now

HOME = "https://api.twilio.com"
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # "thank you, nothing to say"

_silent = logging.getLogger(f"{__name__}.library")
_silent.disabled = True  # the library logs the URL and headers of every call


class Credentials(Form, frozen=True):
    """A Twilio account. At least one of `messaging_service_sid`, `sender` and `senders` says who messages come from."""

    account_sid: Plain
    auth_token: Secret  # also signs Twilio's calls to us
    api_key_sid: str = ""  # with its secret: sends in the place of the auth token
    api_key_secret: Secret = ""
    webhook_secret: Secret = ""  # of a shared key, where Twilio's calls are signed with one in HMAC_SHA256
    messaging_service_sid: str = ""
    sender: str = ""  # a number in E.164, or a name where countries allow one
    senders: dict[str, str] = {}
    base_url: Plain = HOME


@providers.register
class Twilio(Provider):
    """Programmable Messaging. "Sending an SMS is not idempotent": twilio.com/docs/errors/20500, 2026-11."""

    key = "twilio"
    channel = "sms"
    title = "Twilio"
    capabilities = Capabilities(idempotency="none", reports_delivery=True)
    credentials = Credentials

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        self._client = Client()

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the form, and that messages come from somebody."""
        config = super().configure(credentials)
        if not (config["messaging_service_sid"] or config["sender"] or config["senders"]):
            raise WrongCredentials("nobody to send from; messaging_service_sid, sender or senders would do")
        return config

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        return {
            "account_sid": identities.TWILIO_ACCOUNT_SID,
            "auth_token": identities.TWILIO_AUTH_TOKEN,
            "sender": identities.TWILIO_SENDER,
            "base_url": f"{sandbox.url}/twilio",
        }

    @classmethod
    def answerable(cls, config: Mapping[str, Any], *, address: str) -> bool:
        """A number can be written to, a name cannot; of a messaging service it is taken for granted."""
        if sender := sender_for(e164(address), senders=config["senders"], default=""):
            return takes_replies(sender)
        return bool(config["messaging_service_sid"]) or takes_replies(config["sender"])

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Create one Message resource."""
        call.nothing_went_out()
        content = cast(SmsContent, message.content)
        number = e164(message.address)
        if not number:
            return Refused("invalid_number", "not a phone number in E.164", reason="invalid_address")
        sender = self._sender(number)
        if not sender:
            return Refused("no_sender", "no sender is configured for the country of this number")
        session = CallSession(self._client, call)
        try:
            created = self._library(session).messages.create(
                to=number, body=content.body, **sender, **self._callback(message)
            )
            return Sent(message_id=_sid(created), units=segments(content.body))
        except (TwilioRestException, TwilioServiceException) as no:
            return judge(self._reply(no, session), WORDS)
        except (ValueError, TypeError, AttributeError, KeyError) as surprise:
            if not call.may_have_sent:
                raise
            return Unknown("bad_answer", type(surprise).__name__)

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """A status callback or an incoming message; Twilio dates neither, so what repeats is told by its event id."""
        self._require_signature(request)
        try:
            said = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            raise NotUnderstood("the body is not UTF-8") from None
        sid = said.get("MessageSid") or said.get("SmsSid") or ""
        if not sid:
            raise NotUnderstood("no MessageSid")
        status = said.get("MessageStatus") or said.get("SmsStatus") or ""
        if status == "received" or (not status and "Body" in said):
            inbound = Inbound(said.get("From", ""), said.get("To", ""), said.get("Body", ""), sid, at)
            return Heard(inbound=(inbound,), answer=EMPTY_TWIML, answer_type="text/xml")
        kind = KINDS.get(status)
        if kind is None:
            return Heard()  # a status of tomorrow
        code = said.get("ErrorCode", "")
        delivery = parse_qs(urlsplit(request.url).query).get(DELIVERY, [""])[0]
        receipt = Receipt(
            kind=kind,
            at=at,
            delivery_id=delivery_of(delivery),
            provider_message_id=sid,
            code=code or status,
            permanent=code in PERMANENT,
            event_id=f"{sid}:{status}",
            raw=said,
        )
        return Heard(receipts=(receipt,))

    def close(self) -> None:
        """End the idle connections."""
        self._client.close()

    def _sender(self, number: str) -> dict[str, str]:
        config = self.account.config
        if sender := sender_for(number, senders=config["senders"], default=""):
            return {"from_": sender}
        if config["messaging_service_sid"]:
            return {"messaging_service_sid": config["messaging_service_sid"]}
        return {"from_": config["sender"]} if config["sender"] else {}

    def _callback(self, message: Message) -> dict[str, str]:
        hook = self.account.hook_url
        return {"status_callback": f"{hook}?{DELIVERY}={message.delivery_id}"} if hook else {}

    def _library(self, session: CallSession) -> Library:
        """A client of this call alone: the library's one keeps its last answer where threads would share it."""
        config = self.account.config
        return Library(
            config["api_key_sid"] or config["account_sid"],
            config["api_key_secret"] or config["auth_token"],
            account_sid=config["account_sid"],
            http_client=_HttpClient(session, base_url=config["base_url"]),
            environment={"": ""},  # an empty one would mean that of the process
        )

    def _reply(self, no: TwilioRestException | TwilioServiceException, session: CallSession) -> Reply:
        """The library puts the status where Twilio gave no code."""
        after = session.answer.header("retry-after") if session.answer else ""
        code = "" if no.code in (None, no.status) else str(no.code)
        text = no.msg if isinstance(no, TwilioRestException) else f"{no.title} {no.detail or ''}"
        told = without_secrets(text or "", account=self.account)
        return Reply(no.status, code, told, retry_after(after, at=now()))

    def _require_signature(self, request: HookRequest) -> None:
        config = self.account.config
        algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER.lower(), ""))
        secret = config["webhook_secret"] if algorithm != "HMAC_SHA1" else config["auth_token"]
        if not secret:
            raise Forged("signed with a shared key, and the account has no webhook_secret")
        try:
            body = request.body.decode()
        except UnicodeDecodeError:
            raise Forged("the body is not UTF-8") from None
        has_hash = "bodySHA256" in parse_qs(urlsplit(request.url).query)
        said = body if has_hash else QueryDict(body, encoding="utf-8")
        signature = request.headers.get("x-twilio-signature", "")
        if not RequestValidator(secret).validate(request.url, said, signature, algorithm):
            raise Forged("the signature is not right")


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    def __init__(self, session: CallSession, *, base_url: str) -> None:
        super().__init__(pool_connections=False, logger=_silent)
        self.session = session
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, **options: Any) -> Any:
        """As the library does it, at the address the account names."""
        return super().request(method, url.replace(HOME, self._base_url, 1), **options)


def _sid(created: Any) -> str:
    if not isinstance(created.sid, str):
        raise ValueError("a message without a sid")
    return created.sid
