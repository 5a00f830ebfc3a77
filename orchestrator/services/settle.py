"""Settle notifications: when no delivery of one is open any more, it ends as its deliveries did.

Runs after the moves are committed and in a transaction of its own: of two workers that end the last two deliveries at
once, the later one sees both. The notification is locked before its deliveries are counted, so that no replay can open
one of them in between. A worker that dies before settling leaves the rest to `settle_left_over`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from events.services import record
from events.values import NewEvent
from notifications.rules.states import FANOUT, NotificationStatus, status_of

_CANDIDATES = """
SELECT id, tenant_id, segment_id IS NOT NULL OR recipient_count >= %s FROM notifications_notification
WHERE id = ANY (%s) AND status = 'processing' AND planned_at IS NOT NULL
ORDER BY id FOR NO KEY UPDATE
"""

_LIVE_COUNTS = """
SELECT notification_id, state, count(*) FROM notifications_delivery WHERE notification_id = ANY (%s) GROUP BY 1, 2
"""

_KEPT_COUNTS = """
SELECT notification_id, state, sum(count) FROM notifications_tally WHERE notification_id = ANY (%s) GROUP BY 1, 2
"""

_FIRST_SENT = """
UPDATE notifications_notification SET first_sent_at = %s WHERE id = ANY (%s) AND first_sent_at IS NULL
"""

# By id: the index of what is open is for those who look for it, and would be read as a whole (decision 21).
_CLOSE = """
UPDATE notifications_notification n SET status = v.status, finished_at = now()
FROM unnest(%s::uuid[], %s::text[]) AS v (id, status) WHERE n.id = v.id AND n.status || '' = 'processing'
RETURNING n.id
"""

_LEFT_OVER = """
SELECT n.id FROM notifications_notification n
WHERE n.status = 'processing' AND n.planned_at < now() - interval '5 seconds' AND NOT EXISTS (
  SELECT 1 FROM notifications_delivery d
  WHERE d.notification_id = n.id AND d.state IN ('pending', 'claimed', 'sending', 'unknown'))
LIMIT %s
"""


def note_first_sent(notification_ids: Collection[UUID], *, at: datetime) -> None:
    """Remember when the first delivery of each was sent, unless it is known; in the caller's transaction."""
    if notification_ids:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST_SENT, (at, sorted(notification_ids)))


def settle(notification_ids: Collection[UUID], *, at: datetime) -> int:
    """Close those of the notifications that have no open delivery; returns how many were closed."""
    if not notification_ids:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, (FANOUT, sorted(notification_ids)))
        tenants: dict[UUID, UUID] = {}
        kept: list[UUID] = []
        live: list[UUID] = []
        for notification_id, tenant_id, tallied in cursor.fetchall():
            tenants[notification_id] = tenant_id
            (kept if tallied else live).append(notification_id)
        if not tenants:
            return 0

        counts: dict[UUID, dict[str, int]] = defaultdict(dict)
        for statement, ids in ((_KEPT_COUNTS, kept), (_LIVE_COUNTS, live)):
            if ids:
                cursor.execute(statement, (ids,))
                for notification_id, state, number in cursor.fetchall():
                    counts[notification_id][state] = int(number)
        ended = _ended(tenants, counts)
        if not ended:
            return 0

        order = sorted(ended)
        cursor.execute(_CLOSE, (order, [ended[i] for i in order]))
        closed = [notification_id for (notification_id,) in cursor.fetchall()]
        record(
            [NewEvent(tenants[i], f"notification.{ended[i]}", at, i, detail={"deliveries": counts[i]}) for i in closed]
        )
    return len(closed)


def settle_left_over(*, at: datetime, limit: int = 500) -> int:
    """Close what a worker that died between its moves and their settling has left open."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OVER, (limit,))
        ids = [notification_id for (notification_id,) in cursor.fetchall()]
    return settle(ids, at=at)


def _ended(tenants: Mapping[UUID, UUID], counts: Mapping[UUID, Mapping[str, int]]) -> dict[UUID, NotificationStatus]:
    found = {notification_id: status_of(counts.get(notification_id, {})) for notification_id in tenants}
    return {i: status for i, status in found.items() if status is not NotificationStatus.PROCESSING}
