"""Somebody changed their mind about when to be disturbed: what waits for that is looked at again, at once."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from events.bells import ring_on_commit
from orchestrator.pipeline import SEND_LANES

# Sending judges them anew, and has them wait for the right moment if there is still one to wait for.
_WAKE = """
UPDATE notifications_delivery SET due_at = '-infinity'
WHERE tenant_id = %s AND {whose} AND state = 'pending' AND wait_reason IN ('quiet_hours', 'outside_window')
RETURNING lane
"""
_WAKE_RECIPIENTS = _WAKE.format(whose="recipient_id = ANY (%s)")
_WAKE_TENANT = _WAKE.format(whose="lane = ANY (%s) AND due_at > '-infinity'")  # finds them by `delivery_to_send`


def rethink_quiet_hours(*, tenant_id: UUID, recipient_ids: Collection[UUID] | None) -> None:
    """Wake what waits for the quiet hours or the window of these recipients, in the transaction that changes them.

    `None`: of every recipient of the tenant.
    """
    with connection.cursor() as cursor:
        if recipient_ids is None:
            cursor.execute(_WAKE_TENANT, (tenant_id, list(SEND_LANES)))
        else:
            cursor.execute(_WAKE_RECIPIENTS, (tenant_id, list(recipient_ids)))
        lanes = {SEND_LANES[lane] for (lane,) in cursor.fetchall()}
    ring_on_commit(lanes)
