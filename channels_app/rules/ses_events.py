"""Events of SES in our words: docs.aws.amazon.com/ses "Contents of event data that SES publishes to SNS", 2026-11.

Notifications of an identity (`notificationType`) say almost the same as events of a configuration set (`eventType`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels_app.rules.hooks import DELIVERY, delivery_of, moment_of_text, object_of, text_of
from channels_app.rules.mail_headers import DELIVERY_ID
from channels_app.values import NotUnderstood, Receipt, ReceiptKind

KINDS: dict[str, ReceiptKind] = {
    "Send": "accepted",
    "Delivery": "delivered",
    "DeliveryDelay": "deferred",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "failed",
    "Rendering Failure": "failed",
    "Open": "opened",
    "Click": "clicked",
    "Subscription": "unsubscribed",
}
MEMBERS = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}  # the others are named like the type


def receipts_of(said: Mapping[str, Any], *, event_id: str, at: datetime) -> tuple[Receipt, ...]:
    """The receipt of an event; none for what is no event of a message of ours."""
    type_ = text_of(said, "eventType") or text_of(said, "notificationType")
    kind = KINDS.get(type_)
    if kind is None:
        return ()
    mail, event = object_of(said, "mail"), object_of(said, MEMBERS.get(type_, type_.lower()))
    name = text_of(mail, "messageId")
    if not name:
        raise NotUnderstood("no messageId")
    when = text_of(event, "timestamp")
    receipt = Receipt(
        kind=kind,
        at=moment_of_text(when) if when else at,
        delivery_id=_delivery(mail),
        provider_message_id=name,
        code=_code(event),
        permanent=kind == "bounced" and text_of(event, "bounceType") == "Permanent",
        event_id=event_id,
        raw=said,
    )
    return (receipt,)


def _delivery(mail: Mapping[str, Any]) -> Any:
    """From the tags of an event, or from the headers, which notifications carry when they are asked to."""
    tags = object_of(mail, "tags").get(DELIVERY)
    if isinstance(tags, list) and tags:
        return delivery_of(tags[0])
    headers = mail.get("headers")
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, dict) and text_of(header, "name").lower() == DELIVERY_ID.lower():
            return delivery_of(header.get("value"))
    return None


def _code(event: Mapping[str, Any]) -> str:
    for member in ("bouncedRecipients", "delayedRecipients"):
        people = event.get(member)
        if isinstance(people, list) and people and isinstance(people[0], dict) and text_of(people[0], "status"):
            return text_of(people[0], "status")
    parts = (text_of(event, part) for part in ("bounceType", "bounceSubType", "complaintFeedbackType", "delayType"))
    return " ".join(part for part in parts if part)[:100]
