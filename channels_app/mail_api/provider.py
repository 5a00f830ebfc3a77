"""A provider of e-mail with an HTTP API that django-anymail speaks: composing, calling, judging.

anymail builds the request and reads the answer; the connection, its deadline and what a "no" means are ours.
"""

import base64
from abc import abstractmethod
from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import Any, ClassVar, cast

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from channels_app.channels.email import EmailContent
from channels_app.contract import Account, Call, Message, Provider, Refused, SendResult, Sent, Unknown
from channels_app.credentials import Form, Plain
from channels_app.mail_api.files import NoFile, files_of
from channels_app.rules.api_replies import Reply, Words, judge
from channels_app.rules.hooks import DELIVERY
from channels_app.rules.mail_headers import headers_of
from channels_app.rules.mime import File, UnsafeHeader, envelope_address, with_preheader
from channels_app.sandbox.identities import HOOK_HEADER
from channels_app.wire.client import Client
from channels_app.wire.line import Answer
from channels_app.wire.requests_session import CallSession

MOST_TAGS = 5


class MailForm(Form, frozen=True, kw_only=True):
    """What the credentials of all these providers have."""

    sender: str = ""  # "Shop <shop@example.org>"; "" = DEFAULT_FROM_EMAIL
    message_id_domain: str = ""  # of our Message-ID; "" = that of the sender
    base_url: Plain


class MailApi(Provider):
    """Subclasses name their backend of anymail, what it is configured with, and how they say no."""

    channel = "email"
    backend: ClassVar[type[Any]]
    words: ClassVar[Words] = Words()

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        name, address = parseaddr(account.config["sender"] or settings.DEFAULT_FROM_EMAIL)
        self._from = formataddr((name, address))
        self._domain = account.config["message_id_domain"] or address.rpartition("@")[2]
        self._client = Client()

    @abstractmethod
    def options(self) -> Mapping[str, Any]:
        """What the backend is made with, beside its `api_url`."""

    @abstractmethod
    def reply_of(self, answer: Answer) -> Reply:
        """A "no" in the provider's own words."""

    def adjust(self, mail: EmailMultiAlternatives, message: Message) -> None:
        """Add to the mail what this provider alone wants."""

    def http_headers(self, message: Message) -> Mapping[str, str]:
        """Headers of the call beside those of anymail."""
        return {}

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Compose and hand over one mail."""
        call.nothing_went_out()
        mail = self.composed(message, call=call)
        if isinstance(mail, EmailMultiAlternatives):
            return self._handed_over(mail, message, call=call)
        return mail

    def composed(self, message: Message, *, call: Call) -> EmailMultiAlternatives | SendResult:
        """The mail as anymail takes it, or why there is none. Fetches what is attached by URL."""
        address = envelope_address(message.address)
        if address is None:
            return Refused("unsafe_address", "not an address that fits a header", reason="invalid_address")
        try:
            files = files_of(cast(EmailContent, message.content), call=call)
            mail = self._mail(message, to=address, files=files)
        except NoFile as none:
            return none.result
        except UnsafeHeader as unsafe:
            return Refused("unsafe_header", str(unsafe), reason="render_error")
        self.adjust(mail, message)
        return mail

    def opened(self, session: CallSession) -> Any:
        """A backend for one call: anymail's ones keep their session where threads would share it."""
        backend = self.backend(api_url=self.account.config["base_url"], **self.options())
        backend.session = session
        return backend

    def session(self, call: Call, extra: Mapping[str, str]) -> CallSession:
        """The way out for one call."""
        return CallSession(self._client, call, extra_headers={**self._sandbox_headers(), **extra})

    def close(self) -> None:
        """End the idle connections."""
        self._client.close()

    def _handed_over(self, mail: EmailMultiAlternatives, message: Message, *, call: Call) -> SendResult:
        session = self.session(call, self.http_headers(message))
        try:
            self.opened(session).send_messages([mail])
        except AnymailError as no:
            return self.judged(session.answer, trouble=no)
        answer = session.answer
        if answer is not None and answer.status >= 300:  # anymail reads some refusals without raising
            return judge(self.reply_of(answer), self.words)
        name = self.name_of(mail, answer)
        return Sent(message_id=name) if name else Unknown("bad_answer", "the answer names no message")

    def name_of(self, mail: EmailMultiAlternatives, answer: Answer | None) -> str:
        """The provider's name of a mail it took; "" when it gave none."""
        return str(cast(Any, mail).anymail_status.message_id or "")

    def judged(self, answer: Answer | None, *, trouble: Exception) -> SendResult:
        """What came instead of a yes. Without an answer anymail itself refused to build the request."""
        if answer is None:
            return Refused("not_supported", type(trouble).__name__, reason="render_error")
        if 200 <= answer.status < 300:
            return Unknown("bad_answer", type(trouble).__name__)
        return judge(self.reply_of(answer), self.words)

    def _mail(self, message: Message, *, to: str, files: tuple[File, ...]) -> EmailMultiAlternatives:
        content = cast(EmailContent, message.content)
        reply_to = envelope_address(content.reply_to) if content.reply_to else ""
        if reply_to is None:
            raise UnsafeHeader("reply_to is not one plain address")
        headers = {"Message-ID": f"<{message.delivery_id}@{self._domain}>", **headers_of(message)}
        mail = EmailMultiAlternatives(
            content.subject, content.text, self._from, [to], headers=headers, reply_to=[reply_to] if reply_to else None
        )
        if content.html:
            mail.attach_alternative(with_preheader(content.html, content.preheader), "text/html")
        for file in files:
            mail.attach(file.filename, base64.b64decode(file.content_base64), file.content_type)
        wished = cast(Any, mail)
        wished.metadata = {DELIVERY: str(message.delivery_id)}
        if tags := tags_of(message):
            wished.tags = tags
        return mail

    def _sandbox_headers(self) -> Mapping[str, str]:
        """The sandbox learns from the call itself where to report to; real providers from their dashboard."""
        in_sandbox = settings.SANDBOX_URL and self.account.config["base_url"].startswith(f"{settings.SANDBOX_URL}/")
        return {HOOK_HEADER: self.account.hook_url} if in_sandbox and self.account.hook_url else {}


def tags_of(message: Message) -> list[str]:
    """The tags a notification was given in its metadata, in ASCII and short: all providers take those."""
    found = message.metadata.get("tags")
    every = [tag for tag in found if isinstance(tag, str)] if isinstance(found, list | tuple) else []
    return [tag for tag in every if tag.isascii() and tag.isprintable() and 0 < len(tag) <= 50][:MOST_TAGS]
