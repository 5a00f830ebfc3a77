"""Note that a step of a strategy has succeeded by what a person did, and leave out the steps after it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction

from orchestrator.rules.success import is_success
from orchestrator.services.next_steps import Place, follow_places
from orchestrator.services.settle import settle
from tenants.scope import platform_scope

# What came back to us has not succeeded, whoever saw it.
_NOTE = """
UPDATE notifications_delivery SET succeeded = true
WHERE id = ANY (%s) AND NOT succeeded AND state NOT IN ('bounced', 'failed')
"""
_WAITING = """
SELECT id, notification_id, recipient_id, step, last_step, success FROM notifications_delivery
WHERE id = ANY (%s) AND success <> '' AND NOT succeeded AND state IN ('sending', 'unknown', 'sent', 'delivered')
ORDER BY id FOR NO KEY UPDATE
"""


def note_success(delivery_ids: Collection[UUID]) -> None:
    """Write that these deliveries have done what their strategy wanted of them, in the caller's transaction."""
    if delivery_ids:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, (sorted(delivery_ids),))


def hear_of_inbox(proofs: Mapping[UUID, str], *, at: datetime) -> None:
    """What people did with items of their inbox, by delivery: `seen` or `read`; in the transaction that notes it.

    Costs one look-up where no strategy waits for it.
    """
    if not proofs:
        return
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, (sorted(proofs),))
        waiting = [row for row in cursor.fetchall() if is_success(row[5], proofs[row[0]])]
    note_success([row[0] for row in waiting])
    if places := [Place(*row[1:4]) for row in waiting if row[3] < row[4]]:
        follow_places(succeeded=places, failed=(), at=at)
        transaction.on_commit(partial(_settle, {place.notification_id for place in places}, at=at), robust=True)


def _settle(notification_ids: Collection[UUID], *, at: datetime) -> None:
    with platform_scope():
        settle(notification_ids, at=at)
