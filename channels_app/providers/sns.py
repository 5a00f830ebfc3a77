"""SMS through Amazon SNS, with boto3."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from channels_app.aws.client import AwsClient, Use
from channels_app.aws.forms import AwsForm
from channels_app.aws.replies import judged, unreadable
from channels_app.aws.sns_hook import believed, certificates
from channels_app.channels.sms import SmsContent
from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Heard,
    HookRequest,
    Inbound,
    Message,
    NotUnderstood,
    Provider,
    Refused,
    SendResult,
    Sent,
    Unknown,
)
from channels_app.credentials import Sandbox
from channels_app.registry import providers
from channels_app.rules.hooks import DELIVERY, json_object, text_of
from channels_app.rules.phones import e164, sender_for, takes_replies
from channels_app.rules.segments import segments
from channels_app.sandbox import identities


class Credentials(AwsForm, frozen=True, kw_only=True):
    """An account at Amazon that sends SMS."""

    sender: str = ""  # a sender ID or a number; "" = Amazon chooses
    senders: dict[str, str] = {}  # by country: {"US": "+1…", "FR": "ACME"}


@providers.register
class Sns(Provider):
    """Publish to a phone number takes no deduplication id (FIFO topics do), and tells deliveries to CloudWatch alone:
    docs.aws.amazon.com/sns/latest/api/API_Publish.html, 2026-11.
    """

    key = "sns"
    channel = "sms"
    title = "Amazon SNS"
    capabilities = Capabilities(idempotency="none", reports_delivery=False)
    credentials = Credentials
    sandbox_priority = 2

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        self._aws = AwsClient("sns", account.config)

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The account the sandbox knows."""
        return {**identities.aws_credentials(sandbox.url), "base_url": f"{sandbox.url}/sns", "sender": "Carillon"}

    @classmethod
    def answerable(cls, config: Mapping[str, Any], *, address: str) -> bool:
        """A number can be written to, a name cannot."""
        return takes_replies(sender_for(e164(address), senders=config["senders"], default=config["sender"]))

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Publish to one number."""
        call.nothing_went_out()
        content = cast(SmsContent, message.content)
        number = e164(message.address)
        if not number:
            return Refused("invalid_number", "not a phone number in E.164", reason="invalid_address")
        attributes = self._attributes(message, number=number)
        with self._aws.within(call) as use:
            return self._handed_over(use, number, body=content.body, attributes=attributes)

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        """What people wrote back: two-way SMS publishes it to a topic, which calls us."""
        call = believed(request, account=self.account, at=at, certificates=certificates)
        if not call.message:
            return Heard(visit=call.visit)
        # docs.aws.amazon.com/sms-voice/latest/userguide/phone-numbers-two-way-sms.html, 2026-11
        said = json_object(call.message)
        sender = text_of(said, "originationNumber")
        if not sender:
            raise NotUnderstood("no originationNumber")
        name = text_of(said, "inboundMessageId") or call.message_id
        return Heard(
            inbound=(Inbound(sender, text_of(said, "destinationNumber"), text_of(said, "messageBody"), name, at),)
        )

    def close(self) -> None:
        """End the idle connections."""
        self._aws.close()

    def _handed_over(self, use: Use, number: str, *, body: str, attributes: dict[str, Any]) -> SendResult:
        try:
            answer = use.client.publish(PhoneNumber=number, Message=body, MessageAttributes=attributes)
        except ClientError as no:
            return judged(no, account=self.account, is_bad_address="PhoneNumber" in str(no))
        except (BotoCoreError, ResponseParserError, KeyError, ValueError) as surprise:
            return unreadable(surprise, use=use, account=self.account)
        name = answer.get("MessageId", "")
        return Sent(message_id=name, units=segments(body)) if name else Unknown("bad_answer", "no MessageId")

    def _attributes(self, message: Message, *, number: str) -> dict[str, Any]:
        config = self.account.config
        sender = sender_for(number, senders=config["senders"], default=config["sender"])
        values = {"AWS.SNS.SMS.SMSType": "Transactional", DELIVERY: str(message.delivery_id)}
        if sender:
            values["AWS.MM.SMS.OriginationNumber" if sender.startswith("+") else "AWS.SNS.SMS.SenderID"] = sender
        return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
