"""Recurring notifications: planning one occurrence accepts the next, in the same transaction."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from events.services import record
from events.values import NewEvent
from kernel.clock import iso
from kernel.ids import uuid7
from notifications.rules.recurrence import following
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import ClaimedNotification
from tenants.models import Tenant

_COPY = """
INSERT INTO notifications_notification (
  id, tenant_id, mode, type, category, priority, strategy, channels, content, data, recipients, segment_id,
  recipient_count, status, reason, unknown_policy, scheduled_at, scheduled_local, recurrence, template, expires_at,
  cancellation_key, correlation_id, idempotency_key, dedup, tags, metadata, traceparent, actor, created_at, due_at)
SELECT
  %(id)s, tenant_id, mode, type, category, priority, strategy, channels, content, data, recipients, segment_id,
  recipient_count, 'scheduled', '', unknown_policy, %(due)s, '', %(rule)s, template, expires_at + %(shift)s::interval,
  cancellation_key, correlation_id, '', dedup, tags, metadata, traceparent, actor, %(at)s, %(due)s
FROM notifications_notification WHERE id = %(previous)s
"""


def accept_next(notification: ClaimedNotification) -> UUID | None:
    """Accept the occurrence after `notification`; `None` when it was the last. In the caller's transaction.

    The rule is read on the wall clock of the tenant's zone; occurrences that were missed meanwhile are not made up for.
    """
    first = notification.scheduled_at or notification.created_at
    zone = _zone_of(notification.tenant_id)
    found = following(notification.recurrence, first=first, after=max(first, notification.at), zone=zone)
    if found is None:
        return None
    due, id = found.at, uuid7(notification.at)
    with connection.cursor() as cursor:
        cursor.execute(
            _COPY,
            {
                "id": id,
                "rule": found.rule,
                "previous": notification.id,
                "due": due,
                "shift": f"{max(due - first, timedelta()).total_seconds()} seconds",
                "at": notification.at,
            },
        )
    detail = {"recurs_from": str(notification.id), "due_at": iso(due)}
    record([NewEvent(notification.tenant_id, "notification.accepted", notification.at, id, detail=detail)])
    wake_timekeeper(due)
    return id


def _zone_of(tenant_id: UUID) -> str:
    found = Tenant.objects.filter(id=tenant_id).values_list("timezone", flat=True).first()
    return found or settings.ORCHESTRATOR.schedule_timezone_default
