"""E-mail to nowhere: takes everything at once. Only the benchmark offers it, see `entry_point`.

Its names of messages begin with the moment at which it was called, in nanoseconds since 1970.
"""

import time
from collections.abc import Sequence

from channels_app.contract import Call, Capabilities, Message, Provider, SendResult, Sent
from channels_app.registry import providers


@providers.register
class Nowhere(Provider):
    """A provider that costs nothing, so that what is measured is all our own."""

    key = "nowhere"
    channel = "email"
    title = "Nowhere"
    capabilities = Capabilities(idempotency="key", max_batch=500, concurrency=1)

    def send_many(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        """All of them are sent."""
        at = time.time_ns()
        return [Sent(message_id=f"{at}-{message.delivery_id}") for message in messages]

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """So is one."""
        return Sent(message_id=f"{time.time_ns()}-{message.delivery_id}")
