"""Heed caps: when a message is planned, and exactly, under a lock per person, when it is sent.

Rows are the truth: what was sent, is being sent and waits in the ledger. Where no type has caps nobody is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import structs

from kernel.ids import lowest
from notifications.rules.policy import CapsPolicy
from orchestrator.rules.caps import FREQUENCY_CAP, WEEK, OverCap, capped, over_cap, rank
from orchestrator.rules.judging import judge
from orchestrator.rules.situation import Case, Situation, Usable, Use
from orchestrator.services.routing import ProviderCall
from orchestrator.values import CRITICAL, Move, NotificationWords

LOOK_BACK = WEEK + timedelta(days=35)  # what was accepted longer ago and is sent now is not counted
Person = tuple[UUID, str]  # and the mode: tests are counted apart

# One line per person and message, whatever the number of its channels and steps.
_USES = """
SELECT d.recipient_id, d.mode, d.notification_id,
  coalesce(min(coalesce(d.sent_at, now())) FILTER (WHERE d.sent_at IS NOT NULL OR d.state IN ('sending', 'unknown')),
           now()),
  n.type, n.category, n.priority::int, coalesce((t.policy ->> 'value')::float8, 1),
  bool_or(d.sent_at IS NOT NULL OR d.state IN ('sending', 'unknown')),
  bool_or(d.state = 'claimed' OR d.state = 'pending' AND d.due_at <= now())
FROM notifications_delivery d
JOIN LATERAL (
  SELECT * FROM notifications_notification WHERE id = d.notification_id OFFSET 0  -- one by one, whatever there are
) n ON true
LEFT JOIN notifications_notificationtype t ON t.tenant_id = n.tenant_id AND t.key = n.type
WHERE d.recipient_id = ANY (%(ids)s) AND d.id >= %(low)s
  AND (d.sent_at > %(since)s OR d.state IN ('sending', 'unknown', 'claimed', 'pending'))
GROUP BY d.recipient_id, d.mode, d.notification_id, n.type, n.category, n.priority, t.policy
"""

# Until the caller's transaction ends nobody else begins a capped message to them. In one order, whoever asks.
_HOLD = """
SELECT count(pg_advisory_xact_lock(hashtextextended(person, 7))) FROM (
  SELECT person FROM unnest(%s::text[]) AS people (person) ORDER BY person) AS ordered
"""

Cases = list[tuple[Case, list[Situation]]]


def with_uses(cases: Cases, *, at: datetime) -> Cases:
    """The situations of capped messages with what counts beside them; one statement, if any is capped.

    What is planned in the same batch to the same person competes too.
    """
    ids = {s.recipient_id for case, situations in cases if case.policy.caps and not case.critical for s in situations}
    if not ids:
        return cases
    known = {person: [use for use, _ in found] for person, found in _uses(ids, at=at).items()}
    going = _going(cases, known, ids)
    return [
        (case, [_counted(case, situation, going) for situation in situations])
        if case.policy.caps and not case.critical
        else (case, situations)
        for case, situations in cases
    ]


def hold_back(
    calls: Sequence[ProviderCall], words: Mapping[UUID, NotificationWords], *, at: datetime
) -> tuple[list[ProviderCall], list[Move]]:
    """Those of the calls that no cap forbids, and the moves of the others; in the transaction that begins them.

    Of messages that are due at the same time the higher ones go first, wherever they are claimed.
    """
    caps = {id: said.policy.caps for id, said in words.items()}
    people = {call.delivery.recipient_id for call in calls if _is_capped(call, caps)}
    if not people:
        return list(calls), []
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, (sorted(map(str, people)),))
    uses = {
        person: {use.notification_id: use for use, ready in found if use.sent or ready}
        for person, found in _uses(people, at=at).items()
    }
    held: dict[UUID, Move] = {}
    for call in sorted(calls, key=lambda call: rank(_use(call, words, at))):
        delivery = call.delivery
        known = uses.setdefault((delivery.recipient_id, delivery.mode), {})
        mine = _use(call, words, at)
        before = known.get(delivery.notification_id)
        if _is_capped(call, caps) and not (before and before.sent):
            over = over_cap(caps[delivery.notification_id], mine, uses=known.values())
            if over is not None:
                held[delivery.id] = _stays(call, over)
                continue
        known[delivery.notification_id] = replace(mine, sent=True)
    return [call for call in calls if call.delivery.id not in held], list(held.values())


def _stays(call: ProviderCall, over: OverCap) -> Move:
    """It waits for room, unless it does not live to see it or its type does not want to wait."""
    delivery, detail = call.delivery, {"cap": over.cap, "until": over.until.isoformat()}
    if over.over == "skip" or (delivery.expires_at is not None and delivery.expires_at <= over.until):
        return Move(delivery, "skipped", reason=FREQUENCY_CAP, detail=detail)
    return Move(delivery, "pending", reason=FREQUENCY_CAP, due_at=over.until, wait_reason=FREQUENCY_CAP, detail=detail)


def _is_capped(call: ProviderCall, caps: Mapping[UUID, Sequence[CapsPolicy]]) -> bool:
    return call.delivery.priority != CRITICAL and bool(caps.get(call.delivery.notification_id))


def _use(call: ProviderCall, words: Mapping[UUID, NotificationWords], at: datetime) -> Use:
    said = words[call.delivery.notification_id]
    return Use(said.id, at, said.type, said.category, call.delivery.priority, said.policy.value)


def _uses(recipient_ids: Collection[UUID], *, at: datetime) -> dict[Person, list[tuple[Use, bool]]]:
    """What was sent lately or is to be sent, by person; and whether it could go now."""
    found: dict[Person, list[tuple[Use, bool]]] = defaultdict(list)
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"ids": list(recipient_ids), "low": lowest(at - LOOK_BACK), "since": at - WEEK}
        cursor.execute(_USES, asked)
        for recipient_id, mode, id, when, type, category, priority, value, sent, ready in cursor.fetchall():
            use = Use(id, when, type, category, priority, value, sent)
            found[recipient_id, mode].append((use, ready))
    return found


def _going(cases: Cases, known: Mapping[Person, Sequence[Use]], ids: Collection[UUID]) -> Mapping[Person, list[Use]]:
    """What counts for these people: what is known, and what the batch itself is going to send them, by rank."""
    rivals: dict[Person, list[tuple[Use, Case, Situation]]] = defaultdict(list)
    for case, situations in cases if len(cases) > 1 else ():
        n = case.notification
        use = Use(n.id, case.at, n.type, n.category, n.priority, case.policy.value)
        for situation in situations:
            if situation.recipient_id in ids:
                rivals[situation.recipient_id, n.mode].append((use, case, situation))
    going = {person: list(uses) for person, uses in known.items()}
    for person, found in rivals.items():
        counted = going.setdefault(person, [])
        for use, case, situation in sorted(found, key=lambda rival: rank(rival[0])):
            if _could_go(case, structs.replace(situation, uses=tuple(counted))):
                counted.append(use)
    return going


def _could_go(case: Case, situation: Situation) -> bool:
    return capped(case, situation) is None and any(
        isinstance(verdict, Usable) for verdict in judge(case, situation).values()
    )


def _counted(case: Case, situation: Situation, going: Mapping[Person, Sequence[Use]]) -> Situation:
    uses = going.get((situation.recipient_id, case.notification.mode), ())
    others = {use.notification_id: use for use in uses if use.notification_id != case.notification.id}
    return structs.replace(situation, uses=tuple(sorted(others.values(), key=rank))) if others else situation
