"""E-mail through Resend."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from anymail.backends.resend import EmailBackend
from django.core.mail import EmailMultiAlternatives

from channels_app.contract import Capabilities, Forged, Heard, HookRequest, Message, NotUnderstood, Receipt
from channels_app.credentials import Plain, Sandbox, Secret
from channels_app.mail_api.provider import MailApi, MailForm
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, Words
from channels_app.rules.hooks import DELIVERY, delivery_of, json_object, moment_of_text, object_of, text_of
from channels_app.rules.standard_webhooks import BadSecret, VerificationError, verify
from channels_app.sandbox import identities
from channels_app.values import ReceiptKind
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of

# resend.com/docs/api-reference/errors, 2026-11
WORDS = Words(
    bad_address=frozenset({"invalid_to"}),
    busy=frozenset({"concurrent_idempotent_requests"}),
    ours=frozenset({"missing_api_key", "restricted_api_key", "invalid_from_address"}),
)
# resend.com/docs/dashboard/webhooks/event-types, 2026-11
KINDS: dict[str, ReceiptKind] = {
    "email.sent": "accepted",
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.failed": "failed",
    "email.suppressed": "failed",
    "email.opened": "opened",
    "email.clicked": "clicked",
}


class Credentials(MailForm, frozen=True, kw_only=True):
    """A Resend account."""

    api_key: Secret
    hook_secret: Secret = ""  # whsec_…, of the webhook; without it none of Resend's calls is believed
    base_url: Plain = "https://api.resend.com/"


@providers.register
class Resend(MailApi):
    """It honours `Idempotency-Key` for 24 hours: resend.com/docs/dashboard/emails/idempotency-keys, 2026-11."""

    key = "resend"
    title = "Resend"
    capabilities = Capabilities(
        idempotency="key", idempotency_window=timedelta(hours=24), reports_delivery=True, reports_engagement="clicked"
    )
    credentials = Credentials
    sandbox_priority = 1
    backend = EmailBackend
    words = WORDS

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        key, secret = identities.RESEND_API_KEY, identities.RESEND_HOOK_SECRET
        return {"api_key": key, "hook_secret": secret, "base_url": f"{sandbox.url}/resend/"}

    def options(self) -> Mapping[str, Any]:
        """The key. File names and types were checked when the content was."""
        return {"api_key": self.account.config["api_key"], "verify_attachment_extensions": False}

    def http_headers(self, message: Message) -> Mapping[str, str]:
        """The idempotency key."""
        return {"Idempotency-Key": message.idempotency_key}

    def adjust(self, mail: EmailMultiAlternatives, message: Message) -> None:
        """Resend's own tags come back in its events, headers do not."""
        cast(Any, mail).esp_extra = {"tags": [{"name": DELIVERY, "value": str(message.delivery_id)}]}

    def reply_of(self, answer: Answer) -> Reply:
        """`{"statusCode", "name", "message"}`; which field is wrong stands in the message alone."""
        said = json_of(answer)
        code, text = text_of(said, "name"), text_of(said, "message")
        if code in ("validation_error", "invalid_parameter") and "`to`" in text:
            code = "invalid_to"
        # The same key came with another mail before: that one may have gone out.
        status = 500 if code == "invalid_idempotent_request" else answer.status
        reply = reply_of(answer, account=self.account, code=code, text=text)
        return Reply(status, reply.code, reply.text, reply.after)

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """One event, signed as Svix signs: Standard Webhooks under other names."""
        secret = self.account.config["hook_secret"]
        if not secret:
            raise Forged("the account has no hook_secret, so nobody can be believed")
        headers = {
            f"webhook-{part}": request.headers.get(f"svix-{part}", "") for part in ("id", "timestamp", "signature")
        }
        try:
            verify(headers, request.body, at=at, secrets=[secret])
        except (VerificationError, BadSecret) as wrong:
            raise Forged(str(wrong)) from None
        said = json_object(request.body)
        kind = KINDS.get(text_of(said, "type"))
        if kind is None:
            return Heard()
        data = object_of(said, "data")
        name = text_of(data, "email_id")
        if not name:
            raise NotUnderstood("no email_id")
        bounce = object_of(data, "bounce")
        receipt = Receipt(
            kind=kind,
            at=moment_of_text(said.get("created_at")),
            delivery_id=delivery_of(_tag(data.get("tags"))),
            provider_message_id=name,
            code=text_of(bounce, "subType") or text_of(object_of(data, "failed"), "reason"),
            permanent=kind == "bounced" and text_of(bounce, "type") != "Transient",
            event_id=headers["webhook-id"],
            raw=said,
        )
        return Heard(receipts=(receipt,))


def _tag(tags: Any) -> Any:
    """Ours among the tags: an object in the documentation, a list in some events."""
    if isinstance(tags, list):
        tags = {text_of(tag, "name"): tag.get("value") for tag in tags if isinstance(tag, dict)}
    return tags.get(DELIVERY) if isinstance(tags, dict) else None
