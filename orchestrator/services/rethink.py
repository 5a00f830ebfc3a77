"""Somebody changed their mind about when to be disturbed: what waits for that is looked at again, at once."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from events.bells import ring_on_commit
from orchestrator.pipeline import SEND_LANES

# Sending judges them anew, and has them wait for the right moment if there is still one to wait for.
_WAKE = """
UPDATE notifications_delivery SET due_at = '-infinity'
WHERE recipient_id = ANY (%s) AND tenant_id = %s AND state = 'pending' AND wait_reason = 'quiet_hours'
RETURNING lane
"""


def rethink_quiet_hours(*, tenant_id: UUID, recipient_ids: Collection[UUID]) -> None:
    """Wake what waits for the quiet hours of these recipients, in the transaction that changes them."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, (list(recipient_ids), tenant_id))
        lanes = {SEND_LANES[lane] for (lane,) in cursor.fetchall()}
    ring_on_commit(lanes)
