"""Turn rows into answers, a page at a time: a constant number of queries for any number of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from audience.models import Endpoint, Segment
from audience.selectors import external_ids
from events.models import Event
from kernel.masking import mask
from notifications.answers import head_of
from notifications.api.shapes import (
    AttemptShown,
    CancelShown,
    DeliveryCost,
    DeliveryCounts,
    DeliveryDetail,
    DeliveryError,
    DeliveryMetrics,
    DeliveryShown,
    DeliveryTemplate,
    NotificationDetail,
    NotificationMetrics,
    NotificationShown,
    ReasonCount,
    TimelineEntry,
    TypeShown,
)
from notifications.fields import AT_ONCE
from notifications.models import Attempt, Delivery, Notification, NotificationType
from notifications.rules.policy import policy_in
from notifications.rules.states import FINISHED, DeliveryState, public_status
from notifications.selectors import attempts_of, standing_of
from notifications.services.cancel import Cancelled
from notifications.values import PRIORITY_NAME
from templates_app.selectors import version_names

MOST_ERRORS = 5
_MILLISECOND = timedelta(milliseconds=1)


def notifications_shown(rows: Sequence[Notification]) -> list[NotificationShown]:
    return [NotificationShown(**_facts(row)) for row in rows]


def notification_shown(row: Notification, *, at: datetime) -> NotificationDetail:
    """One notification with how its deliveries stand at `at`."""
    standing = standing_of(row, at=at)
    unplanned = 0 if row.status in FINISHED or row.planned_at else max(row.recipient_count - row.planned_count, 0)
    return NotificationDetail(
        **_facts(row),
        segment=_segment_key(row.segment_id),
        channels=row.channels,
        data=row.data,
        metadata=row.metadata,
        scheduled_local=row.scheduled_local or None,
        recurrence=row.recurrence or None,
        idempotency_key=row.idempotency_key or None,
        planned_at=row.planned_at,
        first_sent_at=row.first_sent_at,
        deliveries=DeliveryCounts(total=sum(standing.counts.values()), pending=unplanned, **standing.counts),
        metrics=_metrics(row),
        errors=[
            ReasonCount(
                reason=trouble.reason, code=trouble.code or None, count=trouble.count, latest_at=trouble.latest_at
            )
            for trouble in standing.troubles[:MOST_ERRORS]
        ],
    )


def deliveries_shown(rows: Sequence[Delivery], *, at: datetime) -> list[DeliveryShown]:
    around = _around(rows)
    return [DeliveryShown(**_delivery_facts(row, around, at=at), attempts=row.attempts) for row in rows]


def delivery_shown(row: Delivery, *, at: datetime) -> DeliveryDetail:
    """One delivery with its provider calls."""
    facts = _delivery_facts(row, _around([row]), at=at)
    calls = [_attempt(attempt) for attempt in attempts_of(row)]
    return DeliveryDetail(**facts, attempt_count=row.attempts, attempts=calls)


def timeline_shown(rows: Sequence[Event]) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            at=row.at,
            kind=row.kind,
            reason=row.reason or None,
            detail=row.detail,
            actor=row.actor or None,
            delivery_id=row.delivery_id,
        )
        for row in rows
    ]


def types_shown(rows: Sequence[NotificationType]) -> list[TypeShown]:
    return [
        TypeShown(
            key=row.key,
            name=row.name,
            category=row.category,
            priority=PRIORITY_NAME[row.priority],
            strategy=row.strategy,
            channels=row.channels,
            template=row.template,
            ttl_seconds=row.ttl_seconds,
            unknown_policy=row.unknown_policy,
            policy=policy_in(row.policy),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def cancelled_shown(done: Cancelled) -> CancelShown:
    return CancelShown(id=done.id, status=done.status, cancelled=done.cancelled)


def _facts(row: Notification) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(head_of(row)),
        "mode": row.mode,
        "reason": row.reason or None,
        "tags": row.tags,
        "cancellation_key": row.cancellation_key or None,
        "finished_at": row.finished_at,
    }


def _metrics(row: Notification) -> NotificationMetrics:
    if row.scheduled_local:
        return NotificationMetrics(orchestration_ms=None, first_send_ms=None)
    start = max(row.created_at, row.scheduled_at or row.created_at)
    return NotificationMetrics(
        orchestration_ms=_milliseconds(start, row.planned_at), first_send_ms=_milliseconds(start, row.first_sent_at)
    )


def _segment_key(segment_id: UUID | None) -> str | None:
    """`None` too when the segment was deleted since."""
    if segment_id is None:
        return None
    return Segment.objects.filter(id=segment_id).values_list("key", flat=True).first()


@dataclass(frozen=True, slots=True)
class _Around:
    """What deliveries refer to, by its id: people, their addresses as strangers may see them, versions of templates."""

    people: Mapping[UUID, str]
    addresses: Mapping[UUID, str]
    versions: Mapping[UUID, tuple[str, int]]


def _around(rows: Sequence[Delivery]) -> _Around:
    versions = {row.template_version_id for row in rows if row.template_version_id is not None}
    return _Around(external_ids({row.recipient_id for row in rows}), _masked(rows), version_names(versions))


def _masked(rows: Sequence[Delivery]) -> Mapping[UUID, str]:
    """The addresses of the deliveries' endpoints by endpoint id, as people who do not know them may see them."""
    ids = {row.endpoint_id for row in rows if row.endpoint_id is not None}
    found = Endpoint.objects.filter(id__in=ids).order_by().values_list("id", "address") if ids else ()
    return {id: mask(address) for id, address in found}


def _delivery_facts(row: Delivery, around: _Around, *, at: datetime) -> dict[str, Any]:
    due = row.due_at is None or row.due_at <= at
    root = f"/api/v1/deliveries/{row.id}"
    return {
        "id": row.id,
        "notification": row.notification_id,
        "recipient": around.people.get(row.recipient_id),
        "channel": row.channel,
        "endpoint": around.addresses.get(row.endpoint_id) if row.endpoint_id else None,
        "status": public_status(row.state, reason=row.reason, due=due),
        "reason": row.reason or row.wait_reason or None,
        "wait_reason": row.wait_reason or None,
        "dead_letter": row.state == DeliveryState.DEAD,
        "step": row.step,
        "mode": row.mode,
        "provider": row.provider or None,
        "provider_message_id": row.provider_message_id or None,
        "created_at": row.created_at,
        "due_at": None if row.due_at == AT_ONCE else row.due_at,
        "expires_at": row.expires_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
        "failed_at": row.failed_at,
        "error": _error(row),
        "cost": DeliveryCost(micros=row.cost_micros, currency=row.currency) if row.cost_micros else None,
        "template": _template(row, around),
        "metrics": DeliveryMetrics(
            send_ms=_milliseconds(row.created_at, row.sent_at), deliver_ms=_milliseconds(row.sent_at, row.delivered_at)
        ),
        "links": {"self": root, "timeline": f"{root}/timeline", "notification": _of_notification(row)},
    }


def _template(row: Delivery, around: _Around) -> DeliveryTemplate | None:
    found = around.versions.get(row.template_version_id) if row.template_version_id else None
    return DeliveryTemplate(key=found[0], version=found[1], locale=row.locale or None) if found else None


def _of_notification(row: Delivery) -> str:
    return f"/api/v1/notifications/{row.notification_id}"


def _error(row: Delivery) -> DeliveryError | None:
    if not row.error:
        return None
    said = row.error.get("detail") or row.error.get("message")
    return DeliveryError(code=str(row.error.get("code", "")), detail=str(said) if said else None)


def _attempt(row: Attempt) -> AttemptShown:
    return AttemptShown(
        number=row.number,
        provider=row.provider,
        account=row.account or None,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        duration_ms=_milliseconds(row.begun_at, row.ended_at),
        outcome=row.outcome or None,
        code=row.code or None,
        detail=row.detail or None,
        provider_message_id=row.provider_message_id or None,
    )


def _milliseconds(start: datetime | None, end: datetime | None) -> float | None:
    """Never negative: the two moments may come from two clocks."""
    if start is None or end is None:
        return None
    return max(round((end - start) / _MILLISECOND, 1), 0.0)
