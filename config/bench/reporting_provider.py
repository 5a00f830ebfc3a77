"""E-mail to nowhere through an account that reports like SendGrid: its hook, its signature, its batches of events.

Only the benchmark offers it, see `entry_point`. What hears the calls is the product's own code, unchanged.
"""

from collections.abc import Sequence

from channels_app.contract import Call, Capabilities, Message, SendResult, Sent
from channels_app.providers.sendgrid import SendGrid
from channels_app.registry import providers


@providers.register
class ReportingNowhere(SendGrid):
    """Sends nothing; what comes to its hook has to be signed as SendGrid signs."""

    key = "reporting"
    title = "Nowhere, with receipts"
    capabilities = Capabilities(idempotency="key", max_batch=500, concurrency=1, reports_delivery=True)

    def send_many(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        """All of them are sent."""
        return [self.send_one(message, call=call) for message in messages]

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """So is one."""
        return Sent(message_id=f"reported-{message.delivery_id}")
