"""SMS through Vonage's Messages API, over plain HTTP."""

from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

import jwt
import msgspec

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
from channels_app.rules.api_replies import judge
from channels_app.rules.hooks import (
    delivery_of,
    json_object,
    moment_of_seconds,
    moment_of_text,
    object_of,
    require_fresh,
    require_same,
    text_of,
)
from channels_app.rules.phones import e164, sender_for, takes_replies
from channels_app.rules.segments import segments
from channels_app.rules.vonage_words import KINDS, WORDS
from channels_app.sandbox import identities
from channels_app.wire.client import Client
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of

FRESH = timedelta(minutes=5)


class Credentials(Form, frozen=True):
    """A Vonage account. `sender` or `senders` says who messages come from."""

    api_key: Plain
    api_secret: Secret
    signature_secret: Secret = ""  # signs Vonage's calls to us; without it none of them is believed
    sender: str = ""
    senders: dict[str, str] = {}  # by country: {"US": "1…", "FR": "ACME"}
    base_url: Plain = "https://api.nexmo.com"


@providers.register
class Vonage(Provider):
    """Messages API, version 1. It documents no idempotency key: developer.vonage.com/en/api/messages, 2026-11."""

    key = "vonage"
    channel = "sms"
    title = "Vonage"
    capabilities = Capabilities(idempotency="none", reports_delivery=True)
    credentials = Credentials
    sandbox_priority = 1

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        self._client = Client()
        login = f"{account.config['api_key']}:{account.config['api_secret']}"
        self._headers = {
            "Authorization": f"Basic {b64encode(login.encode()).decode()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "Carillon",
        }

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the form, and that messages come from somebody."""
        config = super().configure(credentials)
        if not (config["sender"] or config["senders"]):
            raise WrongCredentials("nobody to send from; sender or senders would do")
        return config

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        return {
            "api_key": identities.VONAGE_API_KEY,
            "api_secret": identities.VONAGE_API_SECRET,
            "signature_secret": identities.VONAGE_SIGNATURE_SECRET,
            "sender": "Carillon",
            "base_url": f"{sandbox.url}/vonage",
        }

    @classmethod
    def answerable(cls, config: Mapping[str, Any], *, address: str) -> bool:
        """A number can be written to, a name cannot."""
        return takes_replies(sender_for(e164(address), senders=config["senders"], default=config["sender"]))

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Hand over one text message."""
        call.nothing_went_out()
        content = cast(SmsContent, message.content)
        number = e164(message.address)
        if not number:
            return Refused("invalid_number", "not a phone number in E.164", reason="invalid_address")
        config = self.account.config
        sender = sender_for(number, senders=config["senders"], default=config["sender"])
        if not sender:
            return Refused("no_sender", "no sender is configured for the country of this number")
        body = {
            "channel": "sms",
            "message_type": "text",
            "to": number[1:],
            "from": sender.removeprefix("+"),
            "text": content.body,
            "client_ref": str(message.delivery_id),
            "sms": {"encoding_type": "auto"},
        }
        if self.account.hook_url:
            body |= {"webhook_url": self.account.hook_url, "webhook_version": "v1"}
        answer = self._client.exchange(
            call,
            method="POST",
            url=f"{config['base_url'].rstrip('/')}/v1/messages",
            headers=self._headers,
            body=msgspec.json.encode(body),
        )
        return self._result(answer, units=segments(content.body))

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """A status or an incoming message; the token names its caller and the digest of the body."""
        claims = self._claims(request.headers.get("authorization", ""))
        require_same(sha256(request.body).hexdigest(), text_of(claims, "payload_hash"), what="digest of the body")
        require_fresh(moment_of_seconds(claims.get("iat")), at=at, within=FRESH)
        said = json_object(request.body)
        name = text_of(said, "message_uuid")
        if not name:
            raise NotUnderstood("no message_uuid")
        when = moment_of_text(said["timestamp"]) if "timestamp" in said else at
        if "status" not in said:
            sender, to = (f"+{text_of(said, side).removeprefix('+')}" for side in ("from", "to"))
            return Heard(inbound=(Inbound(sender, to, text_of(said, "text"), name, when),))
        status = text_of(said, "status")
        kind = KINDS.get(status)
        if kind is None:
            return Heard()  # a status of tomorrow
        code = text_of(object_of(said, "error"), "title")
        receipt = Receipt(
            kind=kind,
            at=when,
            delivery_id=delivery_of(said.get("client_ref")),
            provider_message_id=name,
            code=code or status,
            permanent=code in WORDS.bad_address,
            event_id=f"{name}:{status}",
            raw=said,
        )
        return Heard(receipts=(receipt,))

    def close(self) -> None:
        """End the idle connections."""
        self._client.close()

    def _result(self, answer: Answer, *, units: int) -> SendResult:
        said = json_of(answer)
        if answer.status in (200, 202):
            name = text_of(said, "message_uuid")
            return (
                Sent(message_id=name, units=units) if name else Unknown("bad_answer", "no message_uuid in the answer")
            )
        code = text_of(said, "type").rpartition("#")[2] or text_of(said, "title")
        return judge(reply_of(answer, account=self.account, code=code, text=text_of(said, "detail")), WORDS)

    def _claims(self, authorization: str) -> Mapping[str, Any]:
        secret = self.account.config["signature_secret"]
        if not secret:
            raise Forged("the account has no signature_secret, so nobody can be believed")
        if not authorization.startswith("Bearer ") or not _is_canonical(token := authorization.removeprefix("Bearer ")):
            raise Forged("no signed token")
        try:
            # Freshness is judged by the moment that was passed in, not by the clock of the library.
            options: Any = {"verify_iat": False, "verify_exp": False, "verify_nbf": False, "verify_aud": False}
            claims: Mapping[str, Any] = jwt.decode(token, secret, algorithms=["HS256"], options=options)
        except jwt.PyJWTError:
            raise Forged("the token is not right") from None
        return claims


def _is_canonical(token: str) -> bool:
    """Whether the signature is spelled as base64 spells it: the library lets unused bits be anything."""
    signature = token.rpartition(".")[2]
    try:
        return urlsafe_b64encode(urlsafe_b64decode(signature + "=" * (-len(signature) % 4))).decode() == (
            signature + "=" * (-len(signature) % 4)
        )
    except ValueError:
        return False
