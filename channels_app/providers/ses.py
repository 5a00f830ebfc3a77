"""E-mail through Amazon SES (API version 2), with boto3."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from django.conf import settings

from channels_app.aws.client import AwsClient, Use
from channels_app.aws.forms import AwsForm
from channels_app.aws.replies import judged, unreadable
from channels_app.aws.sns_hook import believed, certificates
from channels_app.channels.email import EmailContent
from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Heard,
    HookRequest,
    Message,
    Provider,
    Refused,
    SendResult,
    Sent,
    Unknown,
)
from channels_app.credentials import Sandbox
from channels_app.mail_api.files import NoFile, files_of
from channels_app.registry import providers
from channels_app.rules.hooks import DELIVERY, json_object
from channels_app.rules.mail_headers import headers_of
from channels_app.rules.mime import Mail, UnsafeHeader, build, envelope_address
from channels_app.rules.ses_events import receipts_of
from channels_app.sandbox import identities
from kernel.ids import moment_of


class Credentials(AwsForm, frozen=True, kw_only=True):
    """An account at Amazon that sends e-mail."""

    sender: str = ""  # "Shop <shop@example.org>"; "" = DEFAULT_FROM_EMAIL
    message_id_domain: str = ""  # of the Message-ID we write, which SES replaces by its own; "" = the sender's
    configuration_set: str = ""  # whose event destination is the SNS topic that calls the hook


@providers.register
class Ses(Provider):
    """SendEmail has no idempotency token: botocore's model of sesv2, 1.44, 2026-11."""

    key = "ses"
    channel = "email"
    title = "Amazon SES"
    capabilities = Capabilities(idempotency="none", reports_delivery=True)
    credentials = Credentials
    sandbox_priority = 2

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        name, address = parseaddr(account.config["sender"] or settings.DEFAULT_FROM_EMAIL)
        self._from = formataddr((name, address))
        self._domain = account.config["message_id_domain"] or address.rpartition("@")[2]
        self._aws = AwsClient("sesv2", account.config)

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        return {**identities.aws_credentials(sandbox.url), "base_url": f"{sandbox.url}/ses"}

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Compose and hand over one mail, as it is."""
        call.nothing_went_out()
        address = envelope_address(message.address)
        if address is None:
            return Refused("unsafe_address", "not an address that fits a header", reason="invalid_address")
        try:
            mail = self._compose(message, to=address, call=call)
        except NoFile as none:
            return none.result
        except UnsafeHeader as unsafe:
            return Refused("unsafe_header", str(unsafe), reason="render_error")
        with self._aws.within(call) as use:
            return self._handed_over(use, self._request(message, to=address, mail=mail))

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """Events of the configuration set, or notifications of the identity, through an SNS topic."""
        call = believed(request, account=self.account, at=at, certificates=certificates)
        if not call.message:
            return Heard(visit=call.visit)
        return Heard(receipts=receipts_of(json_object(call.message), event_id=call.message_id, at=at))

    def close(self) -> None:
        """End the idle connections."""
        self._aws.close()

    def _handed_over(self, use: Use, request: dict[str, Any]) -> SendResult:
        try:
            answer = use.client.send_email(**request)
        except ClientError as no:
            return judged(no, account=self.account, is_bad_address=_is_bad_address(no))
        except (BotoCoreError, ResponseParserError, KeyError, ValueError) as surprise:
            return unreadable(surprise, use=use, account=self.account)
        name = answer.get("MessageId", "")
        return Sent(message_id=name) if name else Unknown("bad_answer", "no MessageId")

    def _request(self, message: Message, *, to: str, mail: bytes) -> dict[str, Any]:
        request: dict[str, Any] = {
            "FromEmailAddress": self._from,
            "Destination": {"ToAddresses": [to]},
            "Content": {"Raw": {"Data": mail}},
            "EmailTags": [{"Name": DELIVERY, "Value": str(message.delivery_id)}],
        }
        if name := self.account.config["configuration_set"]:
            request["ConfigurationSetName"] = name
        return request

    def _compose(self, message: Message, *, to: str, call: Call) -> bytes:
        content = cast(EmailContent, message.content)
        return build(
            Mail(
                id=message.delivery_id.hex,
                message_id=f"<{message.delivery_id}@{self._domain}>",
                at=message.written_at or moment_of(message.delivery_id),
                sender=self._from,
                to=to,
                subject=content.subject,
                text=content.text,
                html=content.html,
                preheader=content.preheader,
                reply_to=content.reply_to,
                files=files_of(content, call=call),
                headers={**headers_of(message), **self._sandbox_headers()},
            )
        )

    def _sandbox_headers(self) -> Mapping[str, str]:
        """The sandbox learns from the mail itself where to report to; SES from its event destination."""
        in_sandbox = settings.SANDBOX_URL and self.account.config["base_url"].startswith(f"{settings.SANDBOX_URL}/")
        return {identities.HOOK_HEADER: self.account.hook_url} if in_sandbox and self.account.hook_url else {}


def _is_bad_address(no: ClientError) -> bool:
    """SES says it in words alone: "Local address contains control or whitespace", "Domain ends with dot", ..."""
    words = str(no.response.get("Error", {}).get("Message", ""))
    return words.startswith(("Illegal address", "Local address", "Domain ", "Missing final '@domain'"))
