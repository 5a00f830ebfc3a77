"""E-mail through Brevo."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from anymail.backends.brevo import EmailBackend
from django.core.mail import EmailMultiAlternatives

from channels_app.contract import Capabilities, Heard, HookRequest, Message, NotUnderstood, Receipt, SendResult, Sent
from channels_app.credentials import Plain, Sandbox, Secret
from channels_app.mail_api.provider import MailApi, MailForm
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, Words
from channels_app.rules.hooks import DELIVERY, delivery_of, json_object, moment_of_seconds, require_basic, text_of
from channels_app.sandbox import identities
from channels_app.values import ReceiptKind
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of

# developers.brevo.com/docs/how-it-works#error-codes, 2026-11
WORDS = Words(
    bad_address=frozenset({"invalid_to"}),
    ours=frozenset({"unauthorized", "not_enough_credits", "account_under_validation", "permission_denied"}),
)
# developers.brevo.com/docs/transactional-webhooks, 2026-11
KINDS: dict[str, tuple[ReceiptKind, bool]] = {
    "request": ("accepted", False),
    "delivered": ("delivered", False),
    "deferred": ("deferred", False),
    "soft_bounce": ("bounced", False),
    "hard_bounce": ("bounced", True),
    "invalid_email": ("bounced", True),
    "blocked": ("failed", False),
    "error": ("failed", False),
    "spam": ("complained", True),
    "complaint": ("complained", True),
    "unsubscribed": ("unsubscribed", False),
    "opened": ("opened", False),
    "unique_opened": ("opened", False),
    "proxy_open": ("opened", False),
    "unique_proxy_open": ("opened", False),
    "click": ("clicked", False),
}


class Credentials(MailForm, frozen=True, kw_only=True):
    """A Brevo account."""

    api_key: Secret
    hook_username: str = "carillon"
    hook_password: Secret = ""  # of basic authentication of the webhook; without it nobody is believed
    base_url: Plain = "https://api.brevo.com/v3/"


@providers.register
class Brevo(MailApi):
    """It honours a key among the mail's headers, for 15 minutes by its changelog and 30 by its guide, so for 15 here:
    developers.brevo.com/changelog/email-api-now-supports-idempotency, 2026-11.
    """

    key = "brevo"
    title = "Brevo"
    capabilities = Capabilities(
        idempotency="key", idempotency_window=timedelta(minutes=15), reports_delivery=True, reports_engagement="clicked"
    )
    credentials = Credentials
    sandbox_priority = 2
    backend = EmailBackend
    words = WORDS

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        key, password = identities.BREVO_API_KEY, identities.HOOK_PASSWORD
        return {"api_key": key, "hook_password": password, "base_url": f"{sandbox.url}/brevo/v3/"}

    def options(self) -> Mapping[str, Any]:
        """The key."""
        return {"api_key": self.account.config["api_key"]}

    def adjust(self, mail: EmailMultiAlternatives, message: Message) -> None:
        """The idempotency key, which has to be a UUID."""
        mail.extra_headers["idempotencyKey"] = _uuid(message.idempotency_key)

    def reply_of(self, answer: Answer) -> Reply:
        """`{"code", "message"}`; which field is wrong stands in the message alone."""
        said = json_of(answer)
        code, text = text_of(said, "code"), text_of(said, "message")
        if code == "invalid_parameter" and "valid in to" in text:
            code = "invalid_to"
        return reply_of(answer, account=self.account, code=code, text=text)

    def judged(self, answer: Answer | None, *, trouble: Exception) -> SendResult:
        """As for the others; and a key that was seen before means that the mail was taken then:
        developers.brevo.com/docs/heterogenous-versions-batch-emails, 2026-11.
        """
        if answer is not None and answer.status == 400 and text_of(json_of(answer), "code") == "duplicate_parameter":
            return Sent(message_id="", detail="taken by an earlier attempt")
        return super().judged(answer, trouble=trouble)

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """One event. Brevo signs nothing: a password is all there is."""
        config = self.account.config
        require_basic(request.headers, username=config["hook_username"], password=config["hook_password"])
        said = json_object(request.body)
        found = KINDS.get(text_of(said, "event"))
        if found is None:
            return Heard()
        kind, permanent = found
        name = text_of(said, "message-id")
        if not name:
            raise NotUnderstood("no message-id")
        epoch = said.get("ts_epoch")
        receipt = Receipt(
            kind=kind,
            at=moment_of_seconds(epoch / 1000) if isinstance(epoch, int | float) else at,
            delivery_id=delivery_of(_metadata(said).get(DELIVERY)),
            provider_message_id=name,
            code=text_of(said, "event"),
            permanent=permanent,
            raw=said,
        )
        return Heard(receipts=(receipt,))


def _uuid(key: str) -> str:
    try:
        return str(UUID(key))
    except ValueError:
        return str(uuid5(NAMESPACE_OID, key))


def _metadata(said: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(text_of(said, "X-Mailin-custom") or "{}")
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
