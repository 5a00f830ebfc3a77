"""The way of a notification, told on one page. Four verbs, each in four beats: look, decide, write, tell.

    accept   notifications.services.accept     in the caller's transaction; the bell of the plan lane rings after commit
    plan     services.planning                 claim notifications → facts → decide → deliveries, reasons, events
    send     services.sending                  claim deliveries → check again → attempts → calls → moves, next steps
    hear     services.receipts                 claim what providers told us → moves, engagement, next steps

A lane is worked until it is empty or its turn is over; then its bell rings again. Every verb takes a batch; one is a
batch of one. What a dead worker leaves is taken over by `services.recovery`, what is due later by the timekeeper.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from events import bells
from events.consumers import advance_all
from kernel.clock import monotonic, now
from notifications.values import PRIORITY_NAME, PRIORITY_NUMBER
from orchestrator.services.claim import PLAN_LEASE_SECONDS, claim_deliveries, claim_notifications, release
from orchestrator.services.digests_closing import LANE as DIGESTS_LANE
from orchestrator.services.digests_closing import close_due
from orchestrator.services.planning import plan_batch
from orchestrator.services.receipts import hear_reports, make_visits
from orchestrator.services.refusal import set_aside
from orchestrator.services.sending import IN_FLIGHT, send_batch
from orchestrator.services.settle import settle
from orchestrator.services.suspects import deliveries_together, notifications_together
from orchestrator.services.turnstile import Turnstile
from orchestrator.services.upkeep import make_rounds
from orchestrator.values import ClaimedNotification

TURN_SECONDS = 0.25  # a worker looks at the bells of the other lanes at least that often
PLAN_BATCH = 100
FEW = IN_FLIGHT  # recipients: as many as are begun together
SEND_BATCH = 500
RETRY_LANE, REPLAY_LANE = 4, 5

SEND_LANES: Mapping[int, str] = {
    **{number: f"send.{name}" for number, name in PRIORITY_NAME.items()},
    RETRY_LANE: "retry",
    REPLAY_LANE: "dead",
}

_turnstile = Turnstile()
log = logging.getLogger(__name__)


def work(lane: str) -> int:
    """Answer the bell of `lane`; returns how many items were worked. More is left only if its bell rings again."""
    if not _turnstile.enter(lane):
        return 0
    try:
        bells.answered(lane)
        verb = VERBS[lane]
        until = monotonic() + TURN_SECONDS
        total = 0
        while batch := verb():
            total += batch
            if monotonic() > until:
                bells.ring((lane,))
                break
            _turnstile.goes_on(lane)
        return total
    finally:
        _turnstile.leave(lane)


def plan(priority: int, *, take: int = 0) -> int:
    """Turn one batch of due notifications into deliveries, and hand over up to `take` of them at once.

    Those to few people are wholly done before the others are begun: none waits for a page of a campaign to go out.
    """
    lane = f"plan.{PRIORITY_NAME[priority]}"
    claimed = claim_notifications(priority, limit=PLAN_BATCH)
    if len(claimed) == PLAN_BATCH:
        bells.ring((lane,))
    began = monotonic()
    mine = notifications_together(set_aside(claimed))
    _plan_and_send([one for one in mine if one.recipient_count <= FEW], take=take)
    campaigns = [one for one in mine if one.recipient_count > FEW]
    if monotonic() - began < PLAN_LEASE_SECONDS / 2:
        _plan_and_send(campaigns, take=take)
    elif campaigns:
        release(campaigns)
        bells.ring((lane,))
    return len(claimed)


def _plan_and_send(claimed: Sequence[ClaimedNotification], *, take: int) -> None:
    if not claimed:
        return
    turn = plan_batch(claimed, take=take)
    if nothing_to_send := set(turn.finished) - {delivery.notification_id for delivery in turn.taken}:
        settle(nothing_to_send, at=claimed[0].at)
    if turn.taken:
        send_batch(turn.taken, turn.seen)


def send(lane: int) -> int:
    """Hand one batch of due deliveries to their providers."""
    claimed = claim_deliveries(lane, limit=SEND_BATCH)
    if len(claimed) == SEND_BATCH:
        bells.ring((SEND_LANES[lane],))
    if claimed:
        send_batch(deliveries_together(claimed))
    return len(claimed)


def hear() -> int:
    """Apply one batch of what providers told us."""
    return hear_reports() + make_visits()


def keep_up() -> int:
    """Recover, settle, purge: what nobody waits for. One round; the timekeeper and beat ring for the next."""
    make_rounds(at=now())
    return 0


def read_log() -> int:
    """Let the consumers of the log catch up, as far as they come in one turn."""
    if not advance_all(until=monotonic() + TURN_SECONDS):
        bells.ring(("events",))
    return 0


VERBS: Mapping[str, Callable[[], int]] = {
    **{f"plan.{name}": partial(plan, number, take=SEND_BATCH) for name, number in PRIORITY_NUMBER.items()},
    **{lane: partial(send, number) for number, lane in SEND_LANES.items()},
    DIGESTS_LANE: close_due,
    "receipts": hear,
    "events": read_log,
    "upkeep": keep_up,
}
