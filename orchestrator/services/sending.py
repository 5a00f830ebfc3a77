"""Send a batch: look at what was claimed, decide once more, write the attempts, call the providers, write what came.

Nothing holds a transaction or a connection during a provider call; a heartbeat keeps the leases of calls that last.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from audience.selectors import people
from audience.values import Person, Reachable
from channels_app.accounts import accounts_for, provider_for
from channels_app.breaker import breaker
from channels_app.contract import Account, Message, Refused, Retry, SendResult, Sent, Unknown
from channels_app.limits import limits
from channels_app.registry import channels, providers
from kernel.clock import monotonic, now
from kernel.metrics import DELIVERIES, DELIVERY_SECONDS, PROVIDER_ERRORS, RETRIES
from orchestrator.rules.outcomes import Road, after_call
from orchestrator.rules.sending import Circumstances, stays
from orchestrator.selectors import steps_that_succeeded, words_of
from orchestrator.services import dead_letters
from orchestrator.services.claim import LEASE_SECONDS
from orchestrator.services.heartbeat import heartbeat
from orchestrator.services.outage import outlast
from orchestrator.services.rendering import Wording, render
from orchestrator.services.settle import note_first_sent, settle
from orchestrator.services.write import Written, attempt_id, begin, close_attempts, follow_up, late_proof, move
from orchestrator.values import ClaimedDelivery, Move, NotificationWords
from templates_app.values import RenderError

K = TypeVar("K", bound=Hashable)

INSTANT = timedelta(microseconds=1)
LEAST_WAIT = 0.2  # seconds until what was held back by a limit or a breaker is looked at again, at the least
BREAKER_SPREAD = 0.02  # seconds between those a breaker held back; all of them may go when it closes

OUTCOME = {Sent: "sent", Retry: "retry", Refused: "refused", Unknown: "unknown"}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one look found for a whole batch."""

    words: Mapping[UUID, NotificationWords]
    people: Mapping[UUID, Person]
    succeeded: set[tuple[UUID, UUID, int]]


@dataclass(frozen=True, slots=True)
class _Call:
    """A delivery on its way to a provider account."""

    delivery: ClaimedDelivery
    account: Account
    road: Road
    message: Message


def send_batch(claimed: Sequence[ClaimedDelivery]) -> None:
    """Send deliveries leased to us, or write why not; every one of them is moved on."""
    claimed = sorted(claimed, key=lambda delivery: delivery.id)  # rows are locked in one order by everybody
    at = claimed[0].at
    facts = _look(claimed)
    calls, held = _decide(claimed, facts, at=at)

    _write_held(held, at=at)
    begun = _begin(calls, at=at)
    answers = _call(begun)
    ended_at = at + timedelta(seconds=max((seconds for _, _, seconds in answers), default=0))
    outlast(partial(_write_answers, answers, at=ended_at))

    settle({d.notification_id for d in claimed}, at=ended_at + 3 * INSTANT)


def _look(claimed: Sequence[ClaimedDelivery]) -> _Facts:
    later_steps = [(d.notification_id, d.recipient_id, d.step) for d in claimed if d.step]
    return _Facts(
        words=words_of({d.notification_id for d in claimed}),
        people=people({d.recipient_id for d in claimed}),
        succeeded=steps_that_succeeded(later_steps),
    )


def _decide(claimed: Sequence[ClaimedDelivery], facts: _Facts, *, at: datetime) -> tuple[list[_Call], list[Move]]:
    """What goes out, and what does not and why."""
    going: list[_Going] = []
    held: list[Move] = []
    ways_of = cache(lambda channel, mode: accounts_for(channel, mode=mode, tenant_id=None))
    for delivery in claimed:
        words, person = facts.words.get(delivery.notification_id), facts.people.get(delivery.recipient_id)
        ways = ways_of(delivery.channel, delivery.mode)
        endpoint = _endpoint(delivery, person)
        found = Circumstances(
            notification_status=words.status if words else "",
            earlier_step_succeeded=(delivery.notification_id, delivery.recipient_id, delivery.step) in facts.succeeded,
            reachable=person is not None and (endpoint is not None or delivery.endpoint_id is None),
            has_account=bool(ways),
        )
        stay = stays(delivery, found, at=at)
        if stay is None and words is not None and person is not None:
            going.append(_Going(delivery, ways, words, person, endpoint))
        else:
            held.append(stay or Move(delivery, "cancelled", reason="cancelled"))
    calls: list[_Call] = []
    for go, content in zip(going, render([_wording(go) for go in going]), strict=True):
        if isinstance(content, RenderError):
            detail = {"detail": str(content)}
            held.append(Move(go.delivery, "failed", "render_error", code=content.code, detail=detail))
        else:
            calls.append(_prepared(go, content))
    return _admitted(calls, held, at=at)


@dataclass(frozen=True, slots=True)
class _Going:
    """A delivery that is to be sent, and everything its message is made of."""

    delivery: ClaimedDelivery
    ways: tuple[Account, ...]
    words: NotificationWords
    person: Person
    endpoint: Reachable | None


def _endpoint(delivery: ClaimedDelivery, person: Person | None) -> Reachable | None:
    if person is None or delivery.endpoint_id is None:
        return None
    ways = person.endpoints.get(delivery.channel, ())
    return next((endpoint for endpoint in ways if endpoint.id == delivery.endpoint_id), None)


def _road(account: Account, ways: int) -> Road:
    can = providers.get(account.provider).capabilities
    return Road(
        budget=settings.ORCHESTRATOR.retry_max_attempts * ways,
        honours_key=can.idempotency == "key",
        patient=channels.get(account.channel).patient,
        reports_delivery=can.reports_delivery,
    )


def _wording(go: _Going) -> Wording:
    return Wording(
        channel=go.delivery.channel,
        content=go.words.content,
        data=go.words.data,
        own_data=go.delivery.data,
        person=go.person,
        notification_id=go.words.id,
        type=go.words.type,
        at=go.delivery.created_at,
    )


def _prepared(go: _Going, content: msgspec.Struct) -> _Call:
    delivery, endpoint = go.delivery, go.endpoint
    account = go.ways[min(delivery.tries // settings.ORCHESTRATOR.retry_max_attempts, len(go.ways) - 1)]
    message = Message(
        delivery_id=delivery.id,
        tenant_id=delivery.tenant_id,
        notification_id=delivery.notification_id,
        recipient_id=delivery.recipient_id,
        recipient=go.person.external_id,
        address=endpoint.address if endpoint else "",
        content=content,
        idempotency_key=str(delivery.id),
        kind=endpoint.kind if endpoint else "",
        endpoint_extra=endpoint.extra if endpoint else {},
        mode=delivery.mode,
        traceparent=go.words.traceparent,
        metadata=go.words.metadata,
        written_at=delivery.created_at,
    )
    return _Call(delivery, account, _road(account, len(go.ways)), message)


def _admitted(calls: Sequence[_Call], held: list[Move], *, at: datetime) -> tuple[list[_Call], list[Move]]:
    """Those of the calls that breakers and rate limits let through now; the others wait, uncounted."""
    through: list[_Call] = []
    for account_key, group in _grouped(calls, by=lambda call: call.account.key).items():
        allowed = breaker.allow(account_key, len(group), at=now())
        through += group[:allowed]
        if allowed < len(group):
            wait = max(breaker.wait_seconds(account_key, at=now()), LEAST_WAIT)
            held += _waiting(group[allowed:], "circuit_open", "breaker", first=wait, apart=BREAKER_SPREAD, at=at)
    admitted: list[_Call] = []
    for critical, batch in _grouped(through, by=lambda call: call.delivery.priority == 0).items():
        channels_asked = _grouped(batch, by=lambda call: call.delivery.channel)
        wanted = {channel: len(group) for channel, group in channels_asked.items()}
        for channel, grant in limits.grants(wanted, critical=critical).items():
            group = channels_asked[channel]
            admitted += group[: grant.granted]
            late, wait = group[grant.granted :], grant.wait_seconds
            held += _waiting(late, "rate_limited", "rate_limit", first=max(wait, LEAST_WAIT), apart=wait, at=at)
    return admitted, held


def _grouped(calls: Iterable[_Call], *, by: Callable[[_Call], K]) -> dict[K, list[_Call]]:
    groups: dict[K, list[_Call]] = defaultdict(list)
    for call in calls:
        groups[by(call)].append(call)
    return groups


def _waiting(
    calls: Sequence[_Call], reason: str, wait_reason: str, *, first: float, apart: float, at: datetime
) -> list[Move]:
    """Moves back to `pending`: the first is due in `first` seconds, the others `apart` seconds after one another."""
    moves = []
    for place, call in enumerate(calls):
        due_at = at + timedelta(seconds=first + apart * place)
        if call.delivery.expires_at is not None:
            due_at = min(due_at, call.delivery.expires_at)
        moves.append(Move(call.delivery, "pending", reason=reason, due_at=due_at, wait_reason=wait_reason))
    return moves


def _write_held(held: Sequence[Move], *, at: datetime) -> None:
    if not held:
        return
    written = [Written(m, was="claimed", succeeded=False, detail={}) for m in held]
    with transaction.atomic():
        moved = move(written, at=at)
        follow_up([w for w in written if w.move.delivery.id in moved], at=at)
    for m in held:
        DELIVERIES.labels(m.delivery.channel, "", m.reason or m.state).inc()


def _begin(calls: Sequence[_Call], *, at: datetime) -> list[_Call]:
    """Commit an open attempt for every call that is still ours to make; returns those."""
    if not calls:
        return []
    with transaction.atomic():
        begun = begin([(c.delivery, c.account.provider, c.account.key) for c in calls], at=at, lease=LEASE_SECONDS)
    return [c for c in calls if c.delivery.id in begun]


def _call(calls: Sequence[_Call]) -> list[tuple[_Call, SendResult, float]]:
    """Make the calls, the accounts at the same time; each with its answer and the seconds its account took."""
    groups = list(_grouped(calls, by=lambda call: call.account.key).values())
    with heartbeat([call.delivery for call in calls]):
        if len(groups) < 2:
            return [answer for group in groups for answer in _call_account(group)]
        with ThreadPoolExecutor(len(groups), thread_name_prefix="account") as pool:
            return [answer for answers in pool.map(_call_account, groups) for answer in answers]


def _call_account(calls: Sequence[_Call]) -> list[tuple[_Call, SendResult, float]]:
    provider = provider_for(calls[0].account)
    began = monotonic()
    results = provider.send([call.message for call in calls], deadline=began + provider.timeout_seconds)
    seconds = monotonic() - began
    breaker.record_results(calls[0].account.key, results, at=now())
    return [(call, result, seconds) for call, result in zip(calls, results, strict=True)]


def _write_answers(answers: Sequence[tuple[_Call, SendResult, float]], *, at: datetime) -> None:
    if not answers:
        return
    rounds: list[list[Written]] = []
    for call, result, seconds in answers:
        was = "sending"
        for number, next_move in enumerate(after_call(call.delivery, result, call.road, at=at)):
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(_written(call, next_move, was, seconds))
            was = next_move.state
    with transaction.atomic():
        close_attempts(_closing(call, result) for call, result, _ in answers)
        done: list[Written] = []
        for number, moves in enumerate(rounds):
            # Lines of one moment have no order of their own: what follows something is a microsecond later.
            moved = move(moves, at=at + number * INSTANT)
            done += [w for w in moves if w.move.delivery.id in moved]
            if number == 0:
                lost = [w for w in moves if w.move.delivery.id not in moved and w.move.state == "sent"]
                proven = late_proof(lost, at=at)
                dead_letters.withdraw(proven, at=at)
                done += [w for w in lost if w.move.delivery.id in proven]
        follow_up(done, at=at + 2 * INSTANT)
        dead_letters.add([_dead(w) for w in done if w.move.state == "dead"], at=at)
        note_first_sent({w.move.delivery.notification_id for w in done if w.move.state == "sent"}, at=at)
    _count(answers)


def _written(call: _Call, next_move: Move, was: str, seconds: float) -> Written:
    succeeded = next_move.state == "delivered" or (next_move.state == "sent" and not call.road.reports_delivery)
    detail = {
        "provider": call.account.provider,
        "account": call.account.key,
        "attempt": call.delivery.attempt_number,
        "seconds": round(seconds, 4),
    }
    return Written(next_move, was=was, succeeded=succeeded, detail=detail)


def _closing(call: _Call, result: SendResult) -> tuple[UUID, str, str, str, str]:
    """What the attempt row says of the answer: (attempt id, outcome, code, detail, message id)."""
    code = "" if isinstance(result, Sent) else result.code
    message_id = result.message_id if isinstance(result, Sent) else ""
    return attempt_id(call.delivery), OUTCOME[type(result)], code, result.detail, message_id


def _dead(written: Written) -> dead_letters.DeadDelivery:
    delivery, move = written.move.delivery, written.move
    return dead_letters.DeadDelivery(
        id=delivery.id,
        tenant_id=delivery.tenant_id,
        notification_id=delivery.notification_id,
        channel=delivery.channel,
        provider=written.detail.get("provider", ""),
        reason=move.reason,
        error={"code": move.code, **move.detail},
        attempts=delivery.attempt_number,
    )


def _count(answers: Iterable[tuple[_Call, SendResult, float]]) -> None:
    for call, result, seconds in answers:
        channel, provider = call.delivery.channel, call.account.provider
        DELIVERIES.labels(channel, provider, OUTCOME[type(result)]).inc()
        DELIVERY_SECONDS.labels(channel, provider).observe(seconds)
        if call.delivery.attempts:
            RETRIES.labels(channel).inc()
        if not isinstance(result, Sent):
            PROVIDER_ERRORS.labels(provider, OUTCOME[type(result)]).inc()
