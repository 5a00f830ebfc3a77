"""Listen to the log: every line is counted once, in the transaction that moves the cursor."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from analytics.rules.engagement import SUCCESSES, TAKEN
from analytics.rules.rollups import COUNTED_KINDS, MOVED, rolled_up
from analytics.services import CONSUMER, add
from analytics.services_engagement import learn
from analytics.values import Origin
from events.consumers import consumer
from events.values import LoggedEvent
from notifications.models import Notification

LEARN_BATCH = 1_000  # seven statements, however many lines
AUTOMATED = "automated"  # the reason of lines about machines that open and follow what people get


@consumer(CONSUMER, batch=settings.ORCHESTRATOR.analytics_batch_size)
def roll_up(events: Sequence[LoggedEvent]) -> None:
    """Two statements for a batch: where the lines come from, and what they add."""
    counted = [event for event in events if event.kind in COUNTED_KINDS]
    add(rolled_up(counted, _origins({event.notification_id for event in counted if event.notification_id})))


@consumer("analytics.engagement", batch=LEARN_BATCH)
def learn_from(events: Sequence[LoggedEvent]) -> None:
    """What providers took and what people engaged with; what a machine opened or followed says nothing of anybody."""
    sent: dict[UUID, datetime] = {}
    engaged: dict[UUID, tuple[UUID, datetime]] = {}
    for event in events:
        if event.delivery_id is None:
            continue
        if event.kind == MOVED and event.detail.get("to") in TAKEN:
            sent.setdefault(event.delivery_id, event.at)
        elif event.kind in SUCCESSES and event.reason != AUTOMATED:
            engaged.setdefault(event.delivery_id, (event.tenant_id, event.at))
    if sent or engaged:
        learn(sent, engaged)


def _origins(notification_ids: Collection[UUID]) -> dict[UUID, Origin]:
    if not notification_ids:
        return {}
    rows = Notification.objects.filter(id__in=notification_ids).order_by()
    return {
        id: Origin(type, strategy, _wanted_at(created_at, scheduled_at, scheduled_local))
        for id, type, strategy, created_at, scheduled_at, scheduled_local in rows.values_list(
            "id", "type", "strategy", "created_at", "scheduled_at", "scheduled_local"
        )
    }


def _wanted_at(created_at: datetime, scheduled_at: datetime | None, scheduled_local: str) -> datetime | None:
    if scheduled_local:
        return None
    return max(created_at, scheduled_at or created_at)
