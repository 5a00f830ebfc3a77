"""What must be true of the ledger's rows beside the balance. Each check is one look for those of whom it is not.

What is on its way may look wrong for a moment: `verify_ledger` looks twice and tells what stayed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from orchestrator.services.ledger import window

MOST_TOLD = 1000  # offenders found per check; more would not be read
LATE_LEASE_SECONDS = 60  # recovery takes over within seconds


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise: its name, what it means, and the ids of those it is broken for (at most `MOST_TOLD`)."""

    check: str
    meaning: str
    ids: tuple[str, ...]


def findings(since: datetime, until: datetime) -> list[Finding]:
    """Every promise that is broken for notifications accepted from the hour of `since` to that of `until`."""
    low, high = window(since, until)
    found = []
    with connection.cursor() as cursor:
        for check, (meaning, statement) in CHECKS.items():
            cursor.execute(f"{statement} LIMIT {MOST_TOLD}", {"low": low, "high": high, "late": LATE_LEASE_SECONDS})
            if ids := tuple(str(row[0]) for row in cursor.fetchall()):
                found.append(Finding(check, meaning, ids))
    return found


def lasting(first: list[Finding], second: list[Finding]) -> list[Finding]:
    """What both looks found."""
    before = {finding.check: set(finding.ids) for finding in first}
    both = [
        Finding(finding.check, finding.meaning, tuple(id for id in finding.ids if id in before.get(finding.check, ())))
        for finding in second
    ]
    return [finding for finding in both if finding.ids]


CHECKS: Mapping[str, tuple[str, str]] = {
    "delivery_without_notification": (
        "a delivery belongs to a notification that is not there",
        """
        SELECT d.id FROM notifications_delivery d
        WHERE d.id >= %(low)s AND d.id < %(high)s
          AND NOT EXISTS (SELECT 1 FROM notifications_notification n WHERE n.id = d.notification_id)
        """,
    ),
    "attempt_without_delivery": (
        "a provider call belongs to a delivery that is not there",
        """
        SELECT a.id FROM notifications_attempt a
        WHERE a.id >= %(low)s AND a.id < %(high)s
          AND NOT EXISTS (SELECT 1 FROM notifications_delivery d WHERE d.id = a.delivery_id)
        """,
    ),
    "attempts_not_written": (
        "a delivery counts other provider calls than there are rows for",
        """
        SELECT d.id FROM notifications_delivery d LEFT JOIN (
          SELECT delivery_id, count(*) AS calls FROM notifications_attempt
          WHERE id >= %(low)s AND id < %(high)s GROUP BY delivery_id
        ) AS a ON a.delivery_id = d.id
        WHERE d.id >= %(low)s AND d.id < %(high)s AND d.attempts <> coalesce(a.calls, 0)
        """,
    ),
    "sent_without_attempt": (
        "a delivery is being sent or was sent without any provider call that could have done it",
        """
        SELECT d.id FROM notifications_delivery d
        WHERE d.id >= %(low)s AND d.id < %(high)s AND d.state IN ('sending', 'sent', 'delivered') AND NOT EXISTS (
          SELECT 1 FROM notifications_attempt a
          WHERE a.delivery_id = d.id
            AND CASE WHEN d.state = 'sending' THEN a.outcome = '' ELSE a.outcome IN ('sent', 'unknown') END)
        """,
    ),
    "sent_twice": (
        "a provider was called again after one had accepted the delivery",
        """
        SELECT DISTINCT a.delivery_id FROM notifications_attempt a
        JOIN notifications_attempt again ON again.delivery_id = a.delivery_id AND again.number > a.number
        JOIN notifications_delivery d ON d.id = a.delivery_id
        WHERE a.id >= %(low)s AND a.id < %(high)s AND a.outcome = 'sent' AND a.number > d.attempts_before
          AND again.begun_at > a.ended_at
        """,
    ),
    "open_attempts": (
        "a provider call is open though its delivery is not being sent, or two calls are open at once",
        """
        SELECT a.delivery_id FROM notifications_attempt a JOIN notifications_delivery d ON d.id = a.delivery_id
        WHERE a.id >= %(low)s AND a.id < %(high)s AND a.outcome = ''
        GROUP BY a.delivery_id, d.state HAVING count(*) > 1 OR d.state <> 'sending'
        """,
    ),
    "tally_differs": (
        "the kept counts of a large notification are not those of its deliveries",
        """
        SELECT DISTINCT coalesce(kept.notification_id, live.notification_id) FROM (
          SELECT notification_id, state, sum(count) AS count FROM notifications_tally
          WHERE notification_id >= %(low)s AND notification_id < %(high)s
          GROUP BY notification_id, state HAVING sum(count) <> 0
        ) AS kept FULL JOIN (
          SELECT notification_id, state, count(*) AS count FROM notifications_delivery
          WHERE id >= %(low)s AND id < %(high)s AND tallied GROUP BY notification_id, state
        ) AS live USING (notification_id, state)
        WHERE kept.count IS DISTINCT FROM live.count
        """,
    ),
    "finished_with_open_deliveries": (
        "a notification is finished though deliveries of it are open",
        """
        SELECT n.id FROM notifications_notification n
        WHERE n.id >= %(low)s AND n.id < %(high)s AND n.finished_at IS NOT NULL AND EXISTS (
          SELECT 1 FROM notifications_delivery d
          WHERE d.notification_id = n.id AND d.state IN ('pending', 'claimed', 'sending', 'unknown'))
        """,
    ),
    "not_finished": (
        "a notification is processing though no delivery of it is open",
        """
        SELECT n.id FROM notifications_notification n
        WHERE n.id >= %(low)s AND n.id < %(high)s AND n.status = 'processing' AND n.planned_at IS NOT NULL
          AND NOT EXISTS (
            SELECT 1 FROM notifications_delivery d
            WHERE d.notification_id = n.id AND d.state IN ('pending', 'claimed', 'sending', 'unknown'))
        """,
    ),
    "never_to_be_planned": (
        "a notification is open and neither planned nor due to be",
        """
        SELECT n.id FROM notifications_notification n
        WHERE n.id >= %(low)s AND n.id < %(high)s AND n.planned_at IS NULL AND n.due_at IS NULL
          AND n.status IN ('pending', 'scheduled', 'queued', 'processing')
        """,
    ),
    "lease_left_behind": (
        "a worker's lease ran out long ago and nobody took its delivery over",
        """
        SELECT d.id FROM notifications_delivery d
        WHERE d.id >= %(low)s AND d.id < %(high)s AND d.lease_until < now() - %(late)s * interval '1 second'
        """,
    ),
    "dead_without_letter": (
        "a delivery is dead and no dead letter says so",
        """
        SELECT d.id FROM notifications_delivery d
        WHERE d.id >= %(low)s AND d.id < %(high)s AND d.state = 'dead'
          AND NOT EXISTS (SELECT 1 FROM orchestrator_deadletter l WHERE l.id = d.id AND l.state <> 'replayed')
        """,
    ),
}
