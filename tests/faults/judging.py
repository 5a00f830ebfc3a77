"""What must be true after any fault: nothing accepted is lost, nothing is sent twice in silence, all balances."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import psycopg

from notifications.rules.states import LEGAL, DeliveryState
from tests.stack import Stack
from tests.stack.running import wait_until

UNFINISHED = """
SELECT count(*) FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN notifications_notification n USING (id)
WHERE n.status IS NULL OR (n.planned_at IS NULL AND n.status NOT IN ('cancelled', 'expired', 'failed'))
   OR EXISTS (SELECT 1 FROM notifications_delivery d WHERE d.notification_id = asked.id
              AND d.state IN ('pending', 'claimed', 'sending'))
"""
UNSETTLED = """
SELECT count(*) FROM notifications_notification n WHERE n.id = ANY (%s) AND n.status = 'processing'
  AND NOT EXISTS (SELECT 1 FROM notifications_delivery d WHERE d.notification_id = n.id AND d.state = 'unknown')
"""
STATES = """
SELECT d.channel, d.unknown_policy, d.state, d.reason, count(*)::int FROM notifications_delivery d
WHERE d.notification_id = ANY (%s) GROUP BY 1, 2, 3, 4
"""
MAILS = """
SELECT d.id, d.unknown_policy, d.state, (
  SELECT count(*)::int FROM events_event e WHERE e.delivery_id = d.id AND e.reason = 'unknown_outcome'
) FROM notifications_delivery d WHERE d.notification_id = ANY (%s) AND d.channel = 'email'
"""
ITEMS = """
SELECT count(*)::int FROM notifications_delivery d
WHERE d.notification_id = ANY (%s) AND d.channel = 'in_app' AND d.state = 'delivered'
  AND (SELECT count(*) FROM audience_inboxitem i WHERE i.id = d.id) <> 1
"""
MOVES = """
SELECT DISTINCT detail->>'from', detail->>'to' FROM events_event
WHERE kind = 'delivery.moved' AND notification_id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of what was accepted. `doubled` were taken by the provider more than once."""

    accepted: int
    states: Counter[tuple[str, str, str]]  # (channel, state, reason)
    doubled: int

    def __str__(self) -> str:
        states = ", ".join(f"{' '.join(filter(None, key))} {n}" for key, n in sorted(self.states.items()))
        return f"{self.accepted} accepted; {states}; taken twice {self.doubled}"


def wait_until_sent(stack: Stack, ids: Collection[UUID], *, seconds: float) -> float:
    """Wait until nothing of these notifications is on its way any more; the seconds it took."""
    return wait_until(
        lambda: _count(stack, UNFINISHED, ids) == 0,
        seconds=seconds,
        what=lambda: f"{_count(stack, UNFINISHED, ids)} of {len(ids)} notifications; {_states(stack, ids)}",
        every=0.5,
    )


def wait_until_settled(stack: Stack, ids: Collection[UUID], *, seconds: float = 90) -> float:
    """Wait until these notifications are closed, as far as no answer is held; the seconds it took."""
    return wait_until(
        lambda: _count(stack, UNSETTLED, ids) == 0,
        seconds=seconds,
        what=lambda: f"{_count(stack, UNSETTLED, ids)} notifications to be closed",
        every=0.5,
    )


def judge(stack: Stack, ids: Collection[UUID]) -> Judgement:
    """Hold the database against the ledger of the provider. Fails where a promise is broken."""
    taken = stack.sandbox.accepted()
    mails = stack.sql(MAILS, list(ids))
    lost = [id for id, _, state, _ in mails if state == "sent" and id not in taken]
    assert not lost, f"called sent, and the provider knows nothing of them: {lost}"
    silent = {id: (taken[id], doubts) for id, _, _, doubts in mails if taken.get(id, 0) > 1 + doubts}
    assert not silent, f"taken more often than anybody was in doubt (times, doubts): {silent}"
    held = {id: taken[id] for id, policy, _, _ in mails if policy == "at_most_once" and taken.get(id, 0) > 1}
    assert not held, f"sent again though that was forbidden: {held}"
    assert stack.sql(ITEMS, list(ids)) == [(0,)], "inbox items are missing"

    moves = {(DeliveryState(was), DeliveryState(becomes)) for was, becomes in stack.sql(MOVES, list(ids))}
    assert {move for move in moves if move[1] not in LEGAL[move[0]]} == set()
    refused = [path.name for path in stack.folder.glob("logs/*.log*") if "illegal move" in path.read_text()]
    assert refused == [], f"the database had to refuse an illegal move; see {refused}"

    verified = stack.verify_ledger()
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return Judgement(len(ids), _states(stack, ids), sum(1 for id, *_ in mails if taken.get(id, 0) > 1))


def all_sent(judged: Judgement) -> bool:
    """Everything that may be sent again has arrived; only a lost answer that forbids that is held."""
    return all(
        state in ("sent", "delivered") or (state, reason) == ("unknown", "unknown_outcome")
        for _, state, reason in judged.states
    )


def _states(stack: Stack, ids: Collection[UUID]) -> Counter[tuple[str, str, str]]:
    counted: Counter[tuple[str, str, str]] = Counter()
    for channel, _, state, reason, number in stack.sql(STATES, list(ids)):
        counted[channel, state, reason] += number
    return counted


def _count(stack: Stack, query: str, ids: Collection[UUID]) -> int:
    """-1 while the database is out."""
    try:
        return int(stack.sql(query, list(ids))[0][0])
    except psycopg.OperationalError:
        return -1
