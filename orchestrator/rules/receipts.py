"""What a provider's receipt means for a delivery: a monotone join, so early, late, repeated and shuffled ones agree.

accepted < deferred < delivered < bounced. Engagement (opened, clicked, complained, unsubscribed) stands beside the
state; an opening or a click proves that the message arrived. What a provider took and then reports as failed has come
back to us like a bounce: `failed` as a state is what was never taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from channels_app.values import ReceiptKind
from notifications.rules.states import DeliveryState
from preferences.rules import Reason

_D = DeliveryState
ENGAGEMENT: frozenset[str] = frozenset({"opened", "clicked", "complained", "unsubscribed"})

# What each kind proves at the least.
PROVES: Mapping[ReceiptKind, DeliveryState] = {
    "accepted": _D.SENT,
    "deferred": _D.SENT,
    "delivered": _D.DELIVERED,
    "opened": _D.DELIVERED,
    "clicked": _D.DELIVERED,
    "complained": _D.DELIVERED,
    "unsubscribed": _D.DELIVERED,
    "bounced": _D.BOUNCED,
    "failed": _D.BOUNCED,
}

# States that proof of acceptance still changes; from `sent` on the way goes further.
_BEFORE_SENT = frozenset({_D.PENDING, _D.CLAIMED, _D.SENDING, _D.UNKNOWN, _D.DEAD})


def suppression_for(kind: ReceiptKind, *, permanent: bool) -> Reason | None:
    """Why a receipt puts its address out of use; `None`: it does not."""
    match kind:
        case "bounced" | "failed" if permanent:
            return Reason.HARD_BOUNCE
        case "complained":
            return Reason.COMPLAINT
        case "unsubscribed":
            return Reason.UNSUBSCRIBE
    return None


@dataclass(frozen=True, slots=True)
class Heard:
    """`path`: the states to move through, in order, possibly none. `engagement`: to be noted beside the state."""

    path: tuple[DeliveryState, ...]
    engagement: str = ""


def hear(state: DeliveryState, kind: ReceiptKind) -> Heard:
    """What a receipt of `kind` does to a delivery in `state`; nothing when it is not news."""
    engagement = kind if kind in ENGAGEMENT else ""
    return Heard(_path(state, PROVES[kind]), engagement)


def _path(state: DeliveryState, proven: DeliveryState) -> tuple[DeliveryState, ...]:
    path: list[DeliveryState] = []
    if state in _BEFORE_SENT:
        path.append(_D.SENT)
        state = _D.SENT
    if proven is _D.DELIVERED and state is _D.SENT:
        path.append(_D.DELIVERED)
    if proven is _D.BOUNCED and state in (_D.SENT, _D.DELIVERED):
        path.append(_D.BOUNCED)
    return tuple(path)
