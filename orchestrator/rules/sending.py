"""Judge a claimed delivery once more right before its provider call: what may have changed since planning. Pure."""

from dataclasses import dataclass
from datetime import datetime

from orchestrator.rules.timing import Hold
from orchestrator.values import ClaimedDelivery, Move
from preferences.rules import Refusal


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known at the moment of sending."""

    notification_status: str  # "" = the notification is gone
    earlier_step_succeeded: bool
    reachable: bool  # the endpoint is still there, or none is needed
    has_account: bool
    unwanted: Refusal | None = None  # what the recipient or the tenant says against it by now
    hold: Hold | None = None  # what keeps it back now: quiet hours, a window, the law
    may_wait: bool = True  # for what keeps it back; else it is skipped


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
    if found.unwanted is not None:
        return Move(delivery, "skipped", reason=found.unwanted.code, detail=found.unwanted.detail)
    if found.hold is not None:
        return _wait(delivery, found.hold, may_wait=found.may_wait)
    return None


def _wait(delivery: ClaimedDelivery, hold: Hold, *, may_wait: bool) -> Move:
    """Wait for the end of what holds it, unless the message does not live to see it or is to be skipped rather."""
    outlived = delivery.expires_at is not None and delivery.expires_at <= hold.until
    if outlived or not may_wait:
        detail = {"until": hold.until.isoformat(), "rule": hold.rule}
        return Move(delivery, "skipped", reason=hold.reason, detail=detail)
    return Move(delivery, "pending", reason=hold.reason, due_at=hold.until, wait_reason=hold.reason)
