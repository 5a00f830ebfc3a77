"""Decide what follows from the answer of a provider, or from none: pure.

One layer of retries only (DESIGN 4.5): so many calls per provider account, then the next account of the channel, then
the next step of the strategy, then a dead letter. A lost answer is never silently sent again: the provider's declared
capability and the policy of the notification decide, and the move says which.
"""

from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from channels_app.contract import Refused, Retry, SendResult, Sent, Unknown
from channels_app.values import NOT_BEGUN
from kernel.backoff import CAP_SECONDS, PATIENT_CAP_SECONDS, full_jitter
from orchestrator.values import ClaimedDelivery, Move

HOLD = timedelta(hours=24)  # how long a delivery with a lost answer waits for proof before it is given up
MAX_CRASHES = 3
MOST_RETRY_AFTER = timedelta(hours=1)  # a provider that asks for more is asked again sooner


class Road(Struct, frozen=True):
    """What the decision needs to know of the channel and its provider.

    `budget` is the number of calls in all; when it says more than `budget_here`, other accounts of the channel can take
    over once this one had its calls. `honours_key`: the provider recognises our idempotency key, so that sending again
    cannot reach the person twice.
    """

    budget: int
    budget_here: int = 0  # the same if the delivery never left this account; 0 = there is no other
    calls_here: int = 0  # which call of this account it is: the waits grow with it; 0 = with all calls
    honours_key: bool = False
    patient: bool = False
    reports_delivery: bool = False

    @property
    def others(self) -> bool:
        """Whether another account may take over."""
        return self.budget > self.budget_here > 0


def after_call(delivery: ClaimedDelivery, result: SendResult, road: Road, *, at: datetime) -> tuple[Move, ...]:
    """The moves that follow from the answer to call number `delivery.attempt_number`, in order. `at` is aware."""
    match result:
        case Sent(message_id=message_id, delivered=delivered):
            message_id = message_id or str(delivery.id)  # a provider without names for messages: ours stands for it
            sent = Move(delivery, "sent", message_id=message_id)
            return (sent, Move(delivery, "delivered", message_id=message_id)) if delivered else (sent,)
        case Refused(code=code, provider_fault=True):
            return (_elsewhere(delivery, road, code=code),)
        case Refused(reason=reason, code=code):
            return (Move(delivery, "failed", reason=reason, code=code),)
        case Retry(code=code) if code == NOT_BEGUN:
            return (Move(delivery, "pending", reason="throttled", wait_reason="now", code=code, free=True),)
        case Retry(code=code, after=after):
            return (_again(delivery, road, code=code, reason="provider_error", after=after, at=at),)
        case Unknown(code=code):
            return (_after_unknown(delivery, road, code=code, at=at),)


def after_crash(delivery: ClaimedDelivery, road: Road, *, sending: bool, at: datetime) -> Move:
    """What follows when the lease of a worker ran out. `sending`: a call had begun, so its answer is unknown.

    `delivery.crashes` counts this crash too; a payload that takes its worker along three times is not tried again.
    """
    if delivery.crashes >= MAX_CRASHES:
        return Move(delivery, "dead", reason="poison", code="worker_lost")
    if not sending:
        return Move(delivery, "pending", reason="worker_lost")
    return _after_unknown(delivery, road, code="worker_lost", at=at)


def _elsewhere(delivery: ClaimedDelivery, road: Road, *, code: str) -> Move:
    """The account refuses everybody: another one takes over at once, or people have to see to it and replay."""
    if road.others:
        return Move(delivery, "pending", "provider_error", wait_reason="now", retry=True, code=code)
    return Move(delivery, _end(delivery), "provider_rejected", code=code)


def _after_unknown(delivery: ClaimedDelivery, road: Road, *, code: str, at: datetime) -> Move:
    again = partial(_again, delivery, code=code, reason="unknown_outcome", after=None, at=at)
    if delivery.unknown_policy == "at_least_once":
        return again(road, because="provider_honours_key" if road.honours_key else "at_least_once")
    if road.honours_key:  # no other account knows the key
        return again(replace(road, budget=road.budget_here or road.budget), because="provider_honours_key")
    until = at + HOLD if delivery.expires_at is None else min(at + HOLD, delivery.expires_at)
    detail = {"policy": "at_most_once"}
    return Move(delivery, "unknown", "unknown_outcome", due_at=max(until, at), code=code, detail=detail)


def _again(
    delivery: ClaimedDelivery,
    road: Road,
    *,
    code: str,
    reason: str,
    after: timedelta | None,
    at: datetime,
    because: str = "",
) -> Move:
    detail = {"policy": because} if because else {}
    calls = delivery.tries + 1
    if calls >= road.budget and not road.patient:
        why = "attempts_exhausted" if reason == "provider_error" else reason
        return Move(delivery, _end(delivery), reason=why, code=code, detail=detail)
    if calls >= (road.budget_here or road.budget) and not road.patient:
        # Another account is next; it has nothing to recover from, so it need not be waited for.
        return Move(delivery, "pending", reason, wait_reason="now", retry=True, code=code, detail=detail)
    cap = PATIENT_CAP_SECONDS if road.patient else CAP_SECONDS
    wait = full_jitter(road.calls_here or calls, seed=delivery.id, cap_seconds=cap)
    # How long the account wants to be left alone is kept for all (`Limits.quiet`); here it counts if there is no other.
    pause = timedelta() if after is None or road.others else min(after, MOST_RETRY_AFTER)
    due_at = at + max(wait, pause)
    if delivery.expires_at is not None:
        due_at = min(due_at, delivery.expires_at)
    return Move(
        delivery, "pending", reason=reason, due_at=due_at, wait_reason="backoff", retry=True, code=code, detail=detail
    )


def _end(delivery: ClaimedDelivery) -> str:
    """A step that others follow has failed; the last one is kept for people."""
    return "dead" if delivery.step == delivery.last_step else "failed"
