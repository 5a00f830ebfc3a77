"""E-mail through Postmark."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anymail.backends.postmark import EmailBackend
from django.core.mail import EmailMultiAlternatives

from channels_app.contract import Capabilities, Heard, HookRequest, Message, NotUnderstood, Receipt
from channels_app.credentials import Plain, Sandbox, Secret
from channels_app.mail_api.provider import MailApi, MailForm
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, Words
from channels_app.rules.hooks import (
    DELIVERY,
    delivery_of,
    json_object,
    moment_of_text,
    object_of,
    require_basic,
    text_of,
)
from channels_app.sandbox import identities
from channels_app.values import ReceiptKind
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of

# postmarkapp.com/developer/api/overview#error-codes, 2026-11
WORDS = Words(
    bad_address=frozenset({"406", "invalid_to"}),  # 406: inactive, it bounced or complained before
    busy=frozenset({"100"}),  # maintenance
    ours=frozenset({"10", "400", "401", "405", "412", "413"}),  # token, sender signature, credits, approval
)
# postmarkapp.com/developer/webhooks/webhooks-overview, 2026-11
KINDS: dict[str, ReceiptKind] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "SpamComplaint": "complained",
    "Open": "opened",
    "Click": "clicked",
}
# postmarkapp.com/developer/api/bounce-api#bounce-types, 2026-11; whatever else is called a bounce is one for now
BOUNCES: dict[str, tuple[ReceiptKind, bool]] = {
    "HardBounce": ("bounced", True),
    "BadEmailAddress": ("bounced", True),
    "ManuallyDeactivated": ("bounced", True),
    "AddressChange": ("bounced", True),
    "Transient": ("deferred", False),
    "DnsError": ("deferred", False),
    "SpamComplaint": ("complained", True),
    "Unsubscribe": ("unsubscribed", False),
}
MOMENTS = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


class Credentials(MailForm, frozen=True, kw_only=True):
    """A Postmark server."""

    server_token: Secret
    message_stream: str = ""  # "" = the default transactional one
    hook_username: str = "carillon"
    hook_password: Secret = ""  # of basic authentication in the webhook's URL; without it nobody is believed
    base_url: Plain = "https://api.postmarkapp.com/"


@providers.register
class Postmark(MailApi):
    """It documents no idempotency key: postmarkapp.com/developer/api/email-api, 2026-11."""

    key = "postmark"
    title = "Postmark"
    capabilities = Capabilities(idempotency="none", reports_delivery=True)
    credentials = Credentials
    sandbox_priority = 2
    backend = EmailBackend
    words = WORDS

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The server the sandbox knows."""
        return {
            "server_token": identities.POSTMARK_TOKEN,
            "hook_password": identities.HOOK_PASSWORD,
            "base_url": f"{sandbox.url}/postmark/",
        }

    def options(self) -> Mapping[str, Any]:
        """Token and stream."""
        config = self.account.config
        return {"server_token": config["server_token"], "message_stream": config["message_stream"] or None}

    def adjust(self, mail: EmailMultiAlternatives, message: Message) -> None:
        """Keep our Message-ID: postmarkapp.com/support/article/1199, 2026-11. One tag is all it takes."""
        mail.extra_headers["X-PM-KeepID"] = "true"
        if tags := getattr(mail, "tags", None):
            mail.tags = tags[:1]  # type: ignore[attr-defined]

    def reply_of(self, answer: Answer) -> Reply:
        """`{"ErrorCode", "Message"}`; which field is wrong stands in the message alone."""
        said = json_of(answer)
        code, text = text_of(said, "ErrorCode"), text_of(said, "Message")
        return reply_of(
            answer, account=self.account, code="invalid_to" if code == "300" and "'To'" in text else code, text=text
        )

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """One event. Postmark signs nothing: a password in its URL is all there is."""
        config = self.account.config
        require_basic(request.headers, username=config["hook_username"], password=config["hook_password"])
        said = json_object(request.body)
        found = _kind(said)
        if found is None:
            return Heard()
        kind, permanent = found
        name = text_of(said, "MessageID")
        if not name:
            raise NotUnderstood("no MessageID")
        when = next((said[moment] for moment in MOMENTS if moment in said), None)
        receipt = Receipt(
            kind=kind,
            at=at if when is None else moment_of_text(when),
            delivery_id=delivery_of(object_of(said, "Metadata").get(DELIVERY)),
            provider_message_id=name,
            code=text_of(said, "Type"),
            permanent=permanent,
            event_id=f"{said['RecordType']}:{text_of(said, 'ID') or name}" if _is_once(said) else "",
            raw=said,
        )
        return Heard(receipts=(receipt,))


def _kind(said: Mapping[str, Any]) -> tuple[ReceiptKind, bool] | None:
    kind = KINDS.get(text_of(said, "RecordType"))
    if kind == "bounced":
        return BOUNCES.get(text_of(said, "Type"), (kind, False))
    return None if kind is None else (kind, kind == "complained")


def _is_once(said: Mapping[str, Any]) -> bool:
    """Whether a mail has at most one such event; people open and click as often as they like."""
    return said["RecordType"] not in ("Open", "Click")
