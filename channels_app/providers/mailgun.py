"""E-mail through Mailgun."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from anymail.backends.mailgun import EmailBackend

from channels_app.contract import Capabilities, Forged, Heard, HookRequest, NotUnderstood, Receipt
from channels_app.credentials import Plain, Sandbox, Secret
from channels_app.mail_api.provider import MailApi, MailForm
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, Words
from channels_app.rules.hooks import (
    DELIVERY,
    claimed_object,
    delivery_of,
    moment_of_seconds,
    object_of,
    require_fresh,
    require_same,
    text_of,
)
from channels_app.sandbox import identities
from channels_app.values import ReceiptKind
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of

FRESH = timedelta(minutes=15)  # Mailgun repeats a call for 8 hours, each time with a new token and time stamp

WORDS = Words(bad_address=frozenset({"invalid_to"}), ours=frozenset({"domain_not_found", "payment_required"}))
# documentation.mailgun.com "Event types", 2026-11
KINDS: dict[str, ReceiptKind] = {
    "accepted": "accepted",
    "delivered": "delivered",
    "failed": "bounced",
    "rejected": "failed",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
}


class Credentials(MailForm, frozen=True, kw_only=True):
    """A Mailgun account and the domain it sends from."""

    api_key: Secret
    domain: str = ""  # "" = that of the sender
    signing_key: Secret = ""  # "HTTP webhook signing key"; without it none of Mailgun's calls is believed
    base_url: Plain = "https://api.mailgun.net/v3/"  # https://api.eu.mailgun.net/v3/ in the EU


@providers.register
class Mailgun(MailApi):
    """It documents no idempotency key: documentation.mailgun.com "Send an email", 2026-11."""

    key = "mailgun"
    title = "Mailgun"
    capabilities = Capabilities(idempotency="none", reports_delivery=True, reports_engagement="clicked")
    credentials = Credentials
    sandbox_priority = 2
    backend = EmailBackend
    words = WORDS

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        return {
            "api_key": identities.MAILGUN_API_KEY,
            "signing_key": identities.MAILGUN_SIGNING_KEY,
            "base_url": f"{sandbox.url}/mailgun/v3/",
        }

    def options(self) -> Mapping[str, Any]:
        """Key and domain."""
        return {"api_key": self.account.config["api_key"], "sender_domain": self.account.config["domain"] or None}

    def reply_of(self, answer: Answer) -> Reply:
        """`{"message"}`; there are no codes."""
        text = text_of(json_of(answer), "message") or answer.body[:300].decode("utf-8", "replace")
        return reply_of(answer, account=self.account, code=_code(answer.status, text), text=text)

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """One event. The signature covers a token and a time stamp, not the event: so no token counts twice."""
        said = claimed_object(request.body)
        token = self._require_signature(object_of(said, "signature"), at=at)
        event = object_of(said, "event-data")
        kind = KINDS.get(text_of(event, "event"))
        if kind is None:
            return Heard(once=(token,))
        if kind == "bounced" and text_of(event, "severity") == "temporary":
            kind = "deferred"
        headers = object_of(object_of(event, "message"), "headers")
        name = text_of(headers, "message-id").strip("<>")
        if not name:
            raise NotUnderstood("no message-id")
        delivery = object_of(event, "user-variables").get(DELIVERY)
        receipt = Receipt(
            kind=kind,
            at=moment_of_seconds(event.get("timestamp")),
            delivery_id=delivery_of(delivery),
            provider_message_id=f"<{name}>",
            code=text_of(object_of(event, "delivery-status"), "code") or text_of(event, "reason"),
            permanent=kind == "bounced",
            event_id=text_of(event, "id"),
            raw=dict(event),
        )
        return Heard(receipts=(receipt,), once=(token,))

    def _require_signature(self, signature: Mapping[str, Any], *, at: datetime) -> str:
        key = self.account.config["signing_key"]
        if not key:
            raise Forged("the account has no signing_key, so nobody can be believed")
        timestamp, token = (signature.get(part) for part in ("timestamp", "token"))
        if not (isinstance(timestamp, str) and isinstance(token, str) and len(token) >= 32):
            raise Forged("no time stamp or no token")
        wanted = hmac.digest(key.encode(), f"{timestamp}{token}".encode(errors="replace"), "sha256").hex()
        require_same(text_of(signature, "signature"), wanted, what="signature")
        require_fresh(moment_of_seconds(timestamp), at=at, within=FRESH)
        return token


def _code(status: int, text: str) -> str:
    if status == 400 and "'to'" in text.lower() and "valid" in text.lower():
        return "invalid_to"
    if status == 404:
        return "domain_not_found"
    return "payment_required" if status == 402 else ""
