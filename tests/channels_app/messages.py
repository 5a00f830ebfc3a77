"""Builders of messages, one content per channel."""

from typing import Any

import msgspec

from channels_app.registry import channels
from channels_app.values import Message
from kernel.ids import uuid7

CONTENTS: dict[str, dict[str, Any]] = {
    "email": {"subject": "Your order", "text": "It is on its way.", "html": "<p>It is on its way.</p>"},
    "sms": {"body": "Your code is 123456"},
    "push": {"title": "Your parcel", "body": "It is here."},
    "web_push": {"title": "Your parcel", "body": "It is here."},
    "in_app": {"title": "Your parcel", "body": "It is here."},
    "webhook": {"body": {"event": "order.shipped", "order": {"id": 123}}},
    "chat": {"text": "Deploy 1.2 is live"},
}
"""A small good content of every channel."""


def make_message(channel: str = "email", *, address: str = "ana@example.org", **changes: Any) -> Message:
    """A message of `channel`; `content` and every other field may be given."""
    id = uuid7()
    content = msgspec.convert(changes.pop("content", CONTENTS[channel]), channels.get(channel).content)
    fields: dict[str, Any] = {
        "delivery_id": id,
        "tenant_id": uuid7(),
        "notification_id": uuid7(),
        "recipient_id": uuid7(),
        "recipient": "user-1",
        "address": address,
        "content": content,
        "idempotency_key": str(id),
    }
    return Message(**fields | changes)
