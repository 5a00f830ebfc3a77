"""In-app: puts items into inboxes in our own database, so each is there exactly once."""

from collections.abc import Sequence
from typing import cast

import msgspec
from django.db import DatabaseError, DataError, IntegrityError

from audience.services.inbox import deliver_to_inbox
from audience.values import InboxItemInput, Placed
from channels_app import mirror
from channels_app.channels.in_app import InAppContent
from channels_app.contract import Call, Capabilities, Message, Provider, Refused, Retry, SendResult, Sent
from channels_app.registry import providers
from kernel.clock import now


@providers.register
class Inbox(Provider):
    """Our own inbox. The delivery's id is the item's id: a second attempt finds the first one's item."""

    key = "inbox"
    channel = "in_app"
    title = "Inbox"
    capabilities = Capabilities(
        idempotency="key", reports_delivery=True, reports_engagement="read", max_batch=500, concurrency=1
    )
    needs_credentials = False

    def send_many(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        """Place all items in one short transaction; when one cannot be stored the base class tries each alone."""
        call.nothing_went_out()  # whatever happens: trying again places nothing twice
        try:
            placed = deliver_to_inbox([_item(message) for message in messages], at=now())
        except (DataError, IntegrityError) as trouble:
            if len(messages) > 1:
                raise
            return [Refused("not_storable", type(trouble).__name__, reason="render_error")]
        except DatabaseError as trouble:
            return [Retry("database_out", type(trouble).__name__)] * len(messages)
        there = [message for message in messages if message.delivery_id not in placed.gone]
        mirror.show(there, [msgspec.to_builtins(message.content) for message in there])
        return [_result(message, placed=placed) for message in messages]

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Place one item."""
        return self.send_many([message], call=call)[0]


def _item(message: Message) -> InboxItemInput:
    content = cast(InAppContent, message.content)
    return InboxItemInput(
        id=message.delivery_id,
        tenant_id=message.tenant_id,
        recipient_id=message.recipient_id,
        notification_id=message.notification_id,
        title=content.title,
        body=content.body,
        url=content.url,
        icon=content.icon,
        actions=tuple(msgspec.to_builtins(action) for action in content.actions),
        category=content.category,
    )


def _result(message: Message, *, placed: Placed) -> SendResult:
    if message.delivery_id in placed.gone:
        return Refused("recipient_gone", "the person is no longer there", reason="no_endpoint")
    return Sent(message_id=str(message.delivery_id), delivered=True)
