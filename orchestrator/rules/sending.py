"""Judge a claimed delivery once more right before its provider call: what may have changed since planning. Pure."""

from dataclasses import dataclass
from datetime import datetime

from orchestrator.values import ClaimedDelivery, Move


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known at the moment of sending."""

    notification_status: str  # "" = the notification is gone
    earlier_step_succeeded: bool
    reachable: bool  # the endpoint is still there, or none is needed
    has_account: bool
    quiet_until: datetime | None = None  # the recipient's quiet hours, in UTC; `None`: they may be disturbed


def stays(delivery: ClaimedDelivery, found: Circumstances, *, at: datetime) -> Move | None:
    """The move of a delivery that must not be sent after all, and why; `None`: send it."""
    if found.notification_status in ("cancelled", ""):
        return Move(delivery, "cancelled", reason="cancelled")
    if delivery.expires_at is not None and delivery.expires_at <= at:
        return Move(delivery, "expired", reason="expired")
    if found.earlier_step_succeeded:
        return Move(delivery, "skipped", reason="earlier_step_succeeded")
    if not found.has_account:
        return Move(delivery, "skipped", reason="channel_disabled")
    if not found.reachable:
        return Move(delivery, "skipped", reason="no_endpoint")
    if found.quiet_until is not None:
        return _wait(delivery, found.quiet_until)
    return None


def _wait(delivery: ClaimedDelivery, until: datetime) -> Move:
    """Wait for the end of the quiet hours, unless the message does not live to see it."""
    if delivery.expires_at is not None and delivery.expires_at <= until:
        return Move(delivery, "skipped", reason="quiet_hours", detail={"until": until.isoformat()})
    return Move(delivery, "pending", reason="quiet_hours", due_at=until, wait_reason="quiet_hours")
