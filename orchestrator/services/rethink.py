"""Somebody changed their mind about when to be disturbed: what waits for that is looked at again, at once."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from events.bells import ring_on_commit
from orchestrator.pipeline import SEND_LANES

MOST_AT_ONCE = 20_000  # of a whole tenant, a few seconds; the others are looked at when their time comes

_WAITS = "state = 'pending' AND wait_reason IN ('quiet_hours', 'outside_window')"
# Sending judges them anew, and has them wait for the right moment if there is still one to wait for.
_WAKE = f"UPDATE notifications_delivery SET due_at = '-infinity' WHERE {{which}} AND {_WAITS} RETURNING lane"
_WAKE_RECIPIENTS = _WAKE.format(which="tenant_id = %s AND recipient_id = ANY (%s)")
_WAKE_DELIVERIES = _WAKE.format(which="id = ANY (%s)")
_OF_TENANT = f"""
SELECT id FROM notifications_delivery
WHERE tenant_id = %s AND lane = ANY (%s) AND due_at > '-infinity' AND {_WAITS} LIMIT %s
"""


def rethink_quiet_hours(*, tenant_id: UUID, recipient_ids: Collection[UUID] | None) -> None:
    """Wake what waits for the quiet hours or the window of these recipients, in the transaction that changes them.

    `None`: of every recipient of the tenant.
    """
    with connection.cursor() as cursor:
        if recipient_ids is None:
            cursor.execute(_OF_TENANT, (tenant_id, list(SEND_LANES), MOST_AT_ONCE))
            # Rows are locked in one order by everybody.
            cursor.execute(_WAKE_DELIVERIES, (sorted(id for (id,) in cursor.fetchall()),))
        else:
            cursor.execute(_WAKE_RECIPIENTS, (tenant_id, list(recipient_ids)))
        lanes = {SEND_LANES[lane] for (lane,) in cursor.fetchall()}
    ring_on_commit(lanes)
