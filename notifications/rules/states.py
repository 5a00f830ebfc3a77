"""The states of deliveries and notifications, and every move between them that is legal (RELIABILITY 2.2).

A database trigger built from `LEGAL` refuses the rest, whoever writes.
"""

from collections.abc import Mapping
from enum import StrEnum


class DeliveryState(StrEnum):
    PENDING = "pending"  # waits until `due_at`, for the reason in `wait_reason`
    CLAIMED = "claimed"  # one worker holds a lease; nothing was sent
    SENDING = "sending"  # a provider call has begun; its attempt row is committed
    UNKNOWN = "unknown"  # the answer was lost
    SENT = "sent"  # the provider accepted
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    DEAD = "dead"  # ran out of ways: a dead letter, replayable
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SKIPPED = "skipped"  # we chose not to


class NotificationStatus(StrEnum):
    PENDING = "pending"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_D = DeliveryState
LEGAL: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _D.PENDING: frozenset({_D.CLAIMED, _D.CANCELLED, _D.EXPIRED, _D.SKIPPED, _D.DEAD, _D.SENT}),
    _D.CLAIMED: frozenset({_D.SENDING, _D.PENDING, _D.SKIPPED, _D.EXPIRED, _D.CANCELLED, _D.FAILED, _D.DEAD, _D.SENT}),
    _D.SENDING: frozenset({_D.SENT, _D.PENDING, _D.FAILED, _D.UNKNOWN, _D.DEAD}),
    _D.UNKNOWN: frozenset({_D.SENT, _D.PENDING, _D.FAILED, _D.DELIVERED, _D.BOUNCED}),
    _D.SENT: frozenset({_D.DELIVERED, _D.BOUNCED, _D.FAILED}),
    _D.DELIVERED: frozenset({_D.BOUNCED}),
    _D.DEAD: frozenset({_D.SENT, _D.PENDING}),
    _D.FAILED: frozenset({_D.PENDING}),
    _D.BOUNCED: frozenset(),
    _D.CANCELLED: frozenset(),
    _D.EXPIRED: frozenset(),
    _D.SKIPPED: frozenset(),
}

_N = NotificationStatus
LEGAL_STATUS: Mapping[NotificationStatus, frozenset[NotificationStatus]] = {
    _N.PENDING: frozenset({_N.SCHEDULED, _N.QUEUED, _N.PROCESSING, _N.CANCELLED, _N.EXPIRED, _N.FAILED}),
    _N.SCHEDULED: frozenset({_N.QUEUED, _N.PROCESSING, _N.CANCELLED, _N.EXPIRED, _N.FAILED}),
    _N.QUEUED: frozenset({_N.PROCESSING, _N.COMPLETED, _N.CANCELLED, _N.EXPIRED, _N.FAILED}),
    _N.PROCESSING: frozenset({_N.COMPLETED, _N.FAILED, _N.CANCELLED, _N.EXPIRED}),
    # A replay opens what was closed; a late receipt may change how it ended.
    _N.COMPLETED: frozenset({_N.PROCESSING, _N.FAILED}),
    _N.FAILED: frozenset({_N.PROCESSING, _N.COMPLETED}),
    _N.CANCELLED: frozenset({_N.PROCESSING}),
    _N.EXPIRED: frozenset({_N.PROCESSING}),
}

OPEN = frozenset({_D.PENDING, _D.CLAIMED, _D.SENDING, _D.UNKNOWN})
LEASED = frozenset({_D.CLAIMED, _D.SENDING})
SUCCEEDED = frozenset({_D.SENT, _D.DELIVERED})
BROKEN = frozenset({_D.FAILED, _D.DEAD, _D.BOUNCED})
FINISHED = frozenset({_N.COMPLETED, _N.FAILED, _N.CANCELLED, _N.EXPIRED})

FANOUT = 100  # from so many recipients on, the numbers of deliveries in each state are kept (`Tally`), not counted


def may_move(was: DeliveryState, becomes: DeliveryState) -> bool:
    """Is the move legal? Staying is not a move and always allowed."""
    return was == becomes or becomes in LEGAL[was]


def status_of(counts: Mapping[str, int]) -> NotificationStatus:
    """How a notification stands, from the number of its deliveries in each state.

    One success completes it; skips alone complete it too, because a skip is not a failure.
    """
    if any(counts.get(state, 0) for state in OPEN):
        return NotificationStatus.PROCESSING
    if any(counts.get(state, 0) for state in SUCCEEDED):
        return NotificationStatus.COMPLETED
    if any(counts.get(state, 0) for state in BROKEN):
        return NotificationStatus.FAILED
    if counts.get(_D.EXPIRED, 0):
        return NotificationStatus.EXPIRED
    if counts.get(_D.CANCELLED, 0):
        return NotificationStatus.CANCELLED
    return NotificationStatus.COMPLETED


def public_status(state: str, *, reason: str, due: bool) -> str:
    """The word of the API for a delivery's state (DESIGN section 3)."""
    match state:
        case _D.PENDING:
            return "queued" if due else "waiting"
        case _D.CLAIMED:
            return "queued"
        case _D.DEAD:
            return "failed"
        case _D.SKIPPED if reason == "unsubscribed":
            return "unsubscribed"
    return str(state)
