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
    return None
