"""E-mail through Postmark."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import msgspec
from anymail.backends.postmark import EmailBackend
from django.core.mail import EmailMultiAlternatives

from channels_app.contract import (
    Call,
    Capabilities,
    Heard,
    HookRequest,
    Message,
    NotUnderstood,
    Receipt,
    SendResult,
    Sent,
    Unknown,
)
from channels_app.credentials import Plain, Sandbox, Secret
from channels_app.mail_api.provider import MailApi, MailForm
from channels_app.registry import providers
from channels_app.rules.api_replies import Reply, Words, judge
from channels_app.rules.hooks import (
    DELIVERY,
    delivery_of,
    json_object,
    json_value,
    moment_of_text,
    object_of,
    require_basic,
    text_of,
)
from channels_app.sandbox import identities
from channels_app.values import ReceiptKind
from channels_app.wire.line import Answer
from channels_app.wire.replies import json_of, reply_of, without_secrets
from channels_app.wire.requests_session import CallSession

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
    capabilities = Capabilities(
        idempotency="none", reports_delivery=True, reports_engagement="clicked", max_batch=50
    )  # it takes 500
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

    def send_many(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        """Hand over several mails in one call; each is judged: postmarkapp.com/developer/api/email-api, 2026-11."""
        if len(messages) == 1:
            return [self.send_one(messages[0], call=call)]
        call.nothing_went_out()
        mails = [self.composed(message, call=call) for message in messages]
        session = self.session(call, {})
        backend = self.opened(session)
        bodies = [
            backend.build_message_payload(mail, backend.send_defaults).data
            for mail in mails
            if isinstance(mail, EmailMultiAlternatives)
        ]
        results = iter(self._batch_results(session, bodies) if bodies else ())
        return [next(results) if isinstance(mail, EmailMultiAlternatives) else mail for mail in mails]

    def reply_of(self, answer: Answer) -> Reply:
        """`{"ErrorCode", "Message"}`; which field is wrong stands in the message alone."""
        code, text = _error(json_of(answer))
        return reply_of(answer, account=self.account, code=code, text=text)

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

    def _batch_results(self, session: CallSession, bodies: Sequence[Mapping[str, Any]]) -> list[SendResult]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Postmark-Server-Token": self.account.config["server_token"],
        }
        url = urljoin(self.account.config["base_url"], "email/batch")
        session.request("POST", url, data=msgspec.json.encode(bodies), headers=headers)
        answer = session.answer
        assert answer is not None
        if answer.status != 200:
            return [judge(self.reply_of(answer), self.words)] * len(bodies)
        try:
            said = json_value(answer.body)
        except NotUnderstood:
            said = None
        if not isinstance(said, list) or len(said) != len(bodies) or not all(isinstance(one, dict) for one in said):
            return [Unknown("bad_answer", "not one result per mail")] * len(bodies)
        return [self._batch_result(one) for one in said]

    def _batch_result(self, said: Mapping[str, Any]) -> SendResult:
        code, text = _error(said)
        name = text_of(said, "MessageID")
        if code in ("0", "") and name:
            return Sent(message_id=name)
        return judge(Reply(422, code, without_secrets(text, account=self.account)), self.words)


def _error(said: Mapping[str, Any]) -> tuple[str, str]:
    code, text = text_of(said, "ErrorCode"), text_of(said, "Message")
    return ("invalid_to" if code == "300" and "'To'" in text else code), text


def _kind(said: Mapping[str, Any]) -> tuple[ReceiptKind, bool] | None:
    kind = KINDS.get(text_of(said, "RecordType"))
    if kind == "bounced":
        return BOUNCES.get(text_of(said, "Type"), (kind, False))
    return None if kind is None else (kind, kind == "complained")


def _is_once(said: Mapping[str, Any]) -> bool:
    """Whether a mail has at most one such event; people open and click as often as they like."""
    return said["RecordType"] not in ("Open", "Click")
