"""Builders of ledger rows for tests that are not about how those come to be: one per noun, sensible defaults."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from kernel.ids import derived, uuid7
from notifications.models import Attempt, Delivery, Notification
from notifications.rules.states import FINISHED
from orchestrator.models import DeadLetter
from orchestrator.services.dead_letters import DeadDelivery, add

ENDED = ("failed", "dead", "bounced")


def make_notification(tenant_id: UUID, *, at: datetime, recipients: int = 1, **given: Any) -> Notification:
    """Wholly planned and at work, unless said otherwise."""
    given.setdefault("status", "processing")
    given.setdefault("planned_at", at)
    if given["status"] in FINISHED:
        given.setdefault("finished_at", at)
    return Notification.objects.create(
        id=uuid7(at),
        tenant_id=tenant_id,
        strategy="immediate",
        recipient_count=recipients,
        created_at=at,
        **given,
    )


def make_delivery(notification: Notification, *, state: str = "pending", attempts: int = 0, **given: Any) -> Delivery:
    """A delivery in `state` with `attempts` rows of provider calls, the last of which fits the state."""
    at = notification.created_at
    recipient_id = given.pop("recipient_id", None) or uuid4()
    channel = given.pop("channel", "email")
    if state in ("pending", "unknown"):
        given.setdefault("due_at", at)
    if state in ("claimed", "sending"):
        given.setdefault("lease_until", at)
    if state in ("sent", "delivered"):
        given.setdefault("provider_message_id", "m-1")
    if state in ENDED:
        given.setdefault("failed_at", at)
    if state in (*ENDED, "skipped", "expired", "cancelled", "unknown"):
        given.setdefault("reason", "attempts_exhausted" if state in ENDED else "no_endpoint")
    delivery = Delivery.objects.create(
        id=derived(notification.id, recipient_id, channel, "", given.get("step", 0)),
        tenant_id=notification.tenant_id,
        notification_id=notification.id,
        recipient_id=recipient_id,
        channel=channel,
        state=state,
        lane=notification.priority,
        priority=notification.priority,
        attempts=attempts,
        created_at=at,
        **given,
    )
    last = {"sent": "sent", "delivered": "sent", "bounced": "sent", "sending": "", "unknown": "unknown"}
    for number in range(1, attempts + 1):
        make_attempt(delivery, number=number, outcome=last.get(state, "retry") if number == attempts else "retry")
    return delivery


def make_attempt(delivery: Delivery, *, number: int, outcome: str, at: datetime | None = None) -> Attempt:
    """Begun and ended at `at`, by default when the delivery was planned."""
    at = at or delivery.created_at
    return Attempt.objects.create(
        id=derived(delivery.id, "attempt", number),
        tenant_id=delivery.tenant_id,
        delivery_id=delivery.id,
        number=number,
        lease_epoch=number,
        provider="smtp",
        begun_at=at,
        ended_at=at if outcome else None,
        outcome=outcome,
    )


def make_dead(tenant_id: UUID, *, at: datetime, notification: Notification | None = None, **given: Any) -> Delivery:
    """A dead delivery with its dead letter, by default alone in a failed notification."""
    notification = notification or make_notification(tenant_id, at=at, status="failed")
    given.setdefault("attempts", 3)
    delivery = make_delivery(notification, state="dead", **given)
    add([dead(delivery)], at=at)
    return delivery


def dead(delivery: Delivery, **changed: Any) -> DeadDelivery:
    """What the pipeline says of a delivery that has died."""
    said: dict[str, Any] = {
        "id": delivery.id,
        "tenant_id": delivery.tenant_id,
        "notification_id": delivery.notification_id,
        "channel": delivery.channel,
        "provider": "smtp",
        "reason": delivery.reason,
        "error": {"code": "smtp_451"},
        "attempts": delivery.attempts,
    }
    return DeadDelivery(**{**said, **changed})


def letter_of(delivery: Delivery) -> DeadLetter:
    return DeadLetter.objects.get(id=delivery.id)


def due_of(delivery: Delivery) -> str | datetime | None:
    """When it is due as the database says: `"-infinity"` is at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT due_at = '-infinity', CASE WHEN due_at > '-infinity' THEN due_at END "
            "FROM notifications_delivery WHERE id = %s",
            (delivery.id,),
        )
        at_once, moment = cursor.fetchone()
    return "-infinity" if at_once else moment
