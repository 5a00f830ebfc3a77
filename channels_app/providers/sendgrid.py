"""E-mail through SendGrid."""

import binascii
import warnings
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from anymail.backends.sendgrid import EmailBackend
from anymail.exceptions import AnymailNotSupportedWarning
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.core.mail import EmailMultiAlternatives

from channels_app.contract import Capabilities, Forged, Heard, HookRequest, NotUnderstood, Receipt, WrongCredentials
from channels_app.credentials import Plain, Sandbox, Secret
from channels_app.mail_api.provider import MailApi, MailForm
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, Words, until_reset
from channels_app.rules.hooks import DELIVERY, delivery_of, json_value, moment_of_seconds, require_fresh, text_of
from channels_app.sandbox import identities
from channels_app.values import ReceiptKind
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of
from kernel.clock import now

FRESH = timedelta(minutes=5)
SIGNATURE, TIMESTAMP = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"

# anymail supports SendGrid no longer (github.com/anymail/django-anymail/issues/432); our tests hold it instead.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)

WORDS = Words(bad_address=frozenset({"personalizations_to"}), ours=frozenset({"from"}))
# twilio.com/docs/sendgrid/for-developers/tracking-events/event, 2026-11
KINDS: dict[str, ReceiptKind] = {
    "processed": "accepted",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "failed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "open": "opened",
    "click": "clicked",
}


class Credentials(MailForm, frozen=True, kw_only=True):
    """A SendGrid account."""

    api_key: Secret
    verification_key: str = ""  # public key of the signed event webhook; without it none of its calls is believed
    base_url: Plain = "https://api.sendgrid.com/v3/"


@providers.register
class SendGrid(MailApi):
    """It documents no idempotency key: twilio.com/docs/sendgrid/api-reference/mail-send, 2026-11."""

    key = "sendgrid"
    title = "SendGrid"
    capabilities = Capabilities(idempotency="none", reports_delivery=True, reports_engagement="clicked")
    credentials = Credentials
    sandbox_priority = 2
    backend = EmailBackend
    words = WORDS

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the form, and that the key is one."""
        config = super().configure(credentials)
        if config["verification_key"]:
            _public_key(config["verification_key"])
        return config

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        key = identities.sendgrid_verification_key()
        return {
            "api_key": identities.SENDGRID_API_KEY,
            "verification_key": key,
            "base_url": f"{sandbox.url}/sendgrid/v3/",
        }

    def options(self) -> Mapping[str, Any]:
        """The key. Its receipts name our delivery, so anymail need not make up a name."""
        return {"api_key": self.account.config["api_key"], "generate_message_id": False}

    def name_of(self, mail: EmailMultiAlternatives, answer: Answer | None) -> str:
        """In a header alone; the body of a yes is empty."""
        return answer.header("x-message-id") if answer else ""

    def reply_of(self, answer: Answer) -> Reply:
        """`{"errors": [{"message", "field"}]}`; a limit is told as the moment of its end."""
        errors = json_of(answer).get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        reply = reply_of(
            answer, account=self.account, code=_code(text_of(first, "field")), text=text_of(first, "message")
        )
        after = reply.after or until_reset(answer.header("x-ratelimit-reset"), at=now())
        return Reply(reply.status, reply.code, reply.text, after)

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """A batch of events under one signature."""
        self._require_signature(request, at=at)
        events = json_value(request.body)
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise NotUnderstood("the body is not a list of events")
        return Heard(receipts=tuple(_receipt(event) for event in events if text_of(event, "event") in KINDS))

    def _require_signature(self, request: HookRequest, *, at: datetime) -> None:
        key = self.account.config["verification_key"]
        if not key:
            raise Forged("the account has no verification_key, so nobody can be believed")
        given, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        try:
            signature = b64decode(given, validate=True)
            if b64encode(signature).decode() != given:
                raise Forged("the signature is not spelled as base64 spells it")
            _public_key(key).verify(signature, timestamp.encode() + request.body, ec.ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            raise Forged("the signature is not right") from None
        require_fresh(moment_of_seconds(timestamp), at=at, within=FRESH)


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WrongCredentials(
            "verification_key is no public key; the one SendGrid shows for its signed webhook would do"
        )
    return key


def _code(field: str) -> str:
    return "personalizations_to" if field.startswith("personalizations") and ".to" in field else field


def _receipt(event: Mapping[str, Any]) -> Receipt:
    kind = KINDS[text_of(event, "event")]
    return Receipt(
        kind=kind,
        at=moment_of_seconds(event.get("timestamp")),
        delivery_id=delivery_of(event.get(DELIVERY)),
        provider_message_id=text_of(event, "sg_message_id").partition(".")[0],
        code=text_of(event, "status") or text_of(event, "reason")[:100],
        # "blocked" is the word for what may work later: a full mailbox, a policy.
        permanent=kind == "bounced" and text_of(event, "type") != "blocked",
        event_id=text_of(event, "sg_event_id"),
        raw=event,
    )
