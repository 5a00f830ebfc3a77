"""E-mail through any SMTP server, over connections that stay open."""

import logging
import smtplib
import ssl
from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import Any, cast

from django.conf import settings

from channels_app.channels.email import EmailContent
from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Message,
    Provider,
    Refused,
    Retry,
    SendResult,
    Sent,
    Unknown,
)
from channels_app.credentials import Sandbox
from channels_app.mail_api.files import NoFile, files_of
from channels_app.registry import providers
from channels_app.rules.mail_headers import headers_of
from channels_app.rules.mime import Mail, UnsafeHeader, build, envelope_address
from channels_app.rules.smtp_config import read_config
from channels_app.rules.smtp_replies import MAIL, Rejected, judge, readable
from channels_app.smtp.backend import Backend
from channels_app.smtp.connection import Connection
from channels_app.smtp.pool import Pool
from kernel.ids import moment_of
from kernel.scrubbing import scrub_text

log = logging.getLogger(__name__)


@providers.register
class Smtp(Provider):
    """Any SMTP server. It knows no idempotency: what was written and not answered is unknown."""

    key = "smtp"
    channel = "email"
    title = "SMTP"
    capabilities = Capabilities(idempotency="none", reports_delivery=False, max_batch=1, concurrency=8)

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        name, self._sender = parseaddr(account.config["from"] or settings.DEFAULT_FROM_EMAIL)
        self._from = formataddr((name, self._sender))
        self._domain = account.config["message_id_domain"] or self._sender.rpartition("@")[2]
        self._pool = Pool(
            Backend(account.config), messages_per_connection=int(account.config["messages_per_connection"])
        )

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """A URL, or the same as an object: host, port, username, password, tls (none, starttls, tls), from,
        message_id_domain, messages_per_connection.
        """
        return read_config(credentials)

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The sandbox's own SMTP server."""
        return {"url": sandbox.smtp_url} if sandbox.smtp_url else {}

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Compose and hand over one mail. A connection the server had closed meanwhile is replaced, once."""
        call.nothing_went_out()
        address = envelope_address(message.address)
        if address is None:
            return Refused("unsafe_address", "not an address that fits an SMTP command", reason="invalid_address")
        try:
            mail = self._compose(message, to=address, call=call)
        except NoFile as none:
            return none.result
        except UnsafeHeader as unsafe:
            return Refused("unsafe_header", str(unsafe), reason="render_error")
        try:
            text = self._hand_over(address, mail=mail, call=call)
        except Rejected as rejected:
            return self._judged(rejected)
        except smtplib.SMTPNotSupportedError as trouble:
            return Retry("smtp_not_supported", scrub_text(str(trouble)))
        except ssl.SSLError as trouble:
            detail = scrub_text(trouble.reason or type(trouble).__name__)
            return Unknown("tls_failed", detail) if call.may_have_sent else Retry("tls_failed", detail)
        except smtplib.SMTPServerDisconnected as trouble:
            detail = scrub_text(str(trouble))
            return Unknown("connection_lost", detail) if call.may_have_sent else Retry("connection_lost", detail)
        return Sent(message_id=self._message_id(message), detail=text)

    def close(self) -> None:
        """Say good-bye on the idle connections."""
        self._pool.close()

    def _hand_over(self, address: str, *, mail: bytes, call: Call) -> str:
        connection, used_before = self._pool.take(call)
        try:
            return self._transact(connection, address, message=mail, call=call)
        except (Rejected, OSError) as trouble:
            if not (used_before and _was_stale(trouble, call=call)):
                raise
        return self._transact(self._pool.fresh(call), address, message=mail, call=call)

    def _transact(self, connection: Connection, address: str, *, message: bytes, call: Call) -> str:
        try:
            code, text = connection.transact(sender=self._sender, recipient=address, message=message, call=call)
        except Rejected:
            self._pool.give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._pool.give_back(connection)
        return readable(code, text.decode("utf-8", "replace"))

    def _compose(self, message: Message, *, to: str, call: Call) -> bytes:
        content = cast(EmailContent, message.content)
        return build(
            Mail(
                id=message.delivery_id.hex,
                message_id=self._message_id(message),
                at=message.written_at or moment_of(message.delivery_id),
                sender=self._from,
                to=to,
                subject=content.subject,
                text=content.text,
                html=content.html,
                preheader=content.preheader,
                reply_to=content.reply_to,
                files=files_of(content, call=call),
                headers=headers_of(message),
            )
        )

    def _message_id(self, message: Message) -> str:
        return f"<{message.delivery_id}@{self._domain}>"

    def _judged(self, rejected: Rejected) -> Retry | Refused:
        result = judge(rejected)
        if isinstance(result, Refused) and result.code == "bad_credentials":
            log.error("provider.bad_credentials", extra={"account": self.account.key, "answer": result.detail})
        return result


def _was_stale(trouble: Exception, *, call: Call) -> bool:
    """Whether a kept connection had simply ended: nothing went out, and the server did not judge the message."""
    if call.may_have_sent or isinstance(trouble, TimeoutError):
        return False
    return not isinstance(trouble, Rejected) or (trouble.stage == MAIL and trouble.code == 421)
