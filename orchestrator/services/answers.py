"""Write what became of a batch: what was held back, and what the providers answered. Twice changes nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from msgspec import Struct

from audience.services import disable_endpoints
from channels_app.contract import Refused, Retry, SendResult, Sent, Unknown
from channels_app.registry import providers
from events.services import record
from events.values import NewEvent
from kernel.metrics import COST_MICROS, DELIVERIES, DELIVERY_SECONDS, PROVIDER_ERRORS, RETRIES
from orchestrator.rules.outcomes import after_call
from orchestrator.rules.success import is_success
from orchestrator.services import dead_letters
from orchestrator.services.calls import attempt_id, close_attempts
from orchestrator.services.costs import note_costs
from orchestrator.services.moves import Written, late_proof, move
from orchestrator.services.next_steps import follow_up
from orchestrator.services.parked import expect
from orchestrator.services.routing import ProviderCall
from orchestrator.services.settle import note_first_sent
from orchestrator.values import Move

INSTANT = timedelta(microseconds=1)
GONE = "address_gone"  # why an endpoint was disabled: its provider says that it will never work again

OUTCOME = {Sent: "sent", Retry: "retry", Refused: "refused", Unknown: "unknown"}


class Answer(Struct, frozen=True):
    """What came of a call, and the seconds that its account took for all of the batch."""

    call: ProviderCall
    result: SendResult
    seconds: float

    @property
    def cost_micros(self) -> int:
        """What the provider charges for it, in millionths of the account's currency."""
        return self.result.units * self.call.account.terms.cost_micros if isinstance(self.result, Sent) else 0


def write_held(held: Sequence[Move], *, at: datetime) -> None:
    """Write the moves of what does not go out now."""
    if not held:
        return
    written = [Written(m, was="claimed", succeeded=False, detail={}) for m in held]
    with transaction.atomic():
        moved = move(written, at=at)
        done = [w for w in written if w.move.delivery.id in moved]
        follow_up(done, at=at)
        dead_letters.add([_dead(w) for w in done if w.move.state == "dead"], at=at)
    for m in held:
        DELIVERIES.labels(m.delivery.channel, "", m.reason or m.state).inc()


def write_answers(answers: Sequence[Answer], *, unsent: Collection[UUID], at: datetime) -> None:
    """Write what the providers answered, and everything that follows from it. `unsent`: notifications of which nothing
    had been sent.
    """
    if not answers:
        return
    rounds: list[list[Written]] = []
    details: dict[tuple[str, int, float, int], dict[str, Any]] = {}
    for answer in answers:
        was = "sending"
        call = answer.call
        for number, next_move in enumerate(after_call(call.delivery, answer.result, call.road, at=at)):
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(_written(answer, next_move, was, details))
            was = next_move.state
    with transaction.atomic():
        close_attempts(map(_closing, answers))
        expect(_awaited(answers))
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
        sent = {w.move.delivery.notification_id for w in done if w.move.state == "sent"}
        note_first_sent(sent.intersection(unsent), at=at)
        note_costs(
            {a.call.delivery.id: (a.cost_micros, a.call.account.terms.currency) for a in answers if a.cost_micros}
        )
        _put_out_of_use(answers, at=at)
    _count(answers)


def _written(
    answer: Answer, next_move: Move, was: str, details: dict[tuple[str, int, float, int], dict[str, Any]]
) -> Written:
    """`details` are those of the batch: what is equal is one object, and is written down once."""
    call = answer.call
    proof = "delivered" if next_move.state == "sent" and not call.road.reports_delivery else next_move.state
    succeeded = is_success(call.delivery.success, proof)
    cost = answer.cost_micros if next_move.state == "sent" else 0
    key = call.account.key, call.delivery.attempt_number, answer.seconds, cost
    if key not in details:
        details[key] = _detail(answer, cost)
    return Written(next_move, was=was, succeeded=succeeded, detail=details[key])


def _detail(answer: Answer, cost: int) -> dict[str, Any]:
    call = answer.call
    detail: dict[str, Any] = {
        "provider": call.account.provider,
        "account": call.account.key,
        "attempt": call.delivery.attempt_number,
        "seconds": round(answer.seconds, 4),
    }
    return detail | ({"cost_micros": cost, "currency": call.account.terms.currency} if cost else {})


def _closing(answer: Answer) -> tuple[UUID, str, str, str, str]:
    """What the attempt row says of the answer: (attempt id, outcome, code, detail, message id)."""
    result = answer.result
    code = "" if isinstance(result, Sent) else result.code
    message_id = result.message_id if isinstance(result, Sent) else ""
    return attempt_id(answer.call.delivery), OUTCOME[type(result)], code, result.detail, message_id


def _awaited(answers: Iterable[Answer]) -> set[str]:
    """The names that receipts may have come under already: of those whose provider has any to send."""
    taken = ((answer.call.account.provider, answer.result) for answer in answers)
    return {
        result.message_id
        for provider, result in taken
        if isinstance(result, Sent) and result.message_id and providers.get(provider).has_hook()
    }


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
        attempts=delivery.attempt_number if written.was == "sending" else delivery.attempts,
    )


def _put_out_of_use(answers: Iterable[Answer], *, at: datetime) -> None:
    """Disable the addresses that will never work again; people with another one get the next message there."""
    gone = {
        answer.call.delivery.endpoint_id: answer
        for answer in answers
        if isinstance(answer.result, Refused) and answer.result.address_gone and answer.call.delivery.endpoint_id
    }
    if not gone:
        return
    disabled = disable_endpoints(ids=gone, reason=GONE, at=at)
    record([_disabled(gone[endpoint_id], at=at) for endpoint_id in sorted(disabled)])


def _disabled(answer: Answer, *, at: datetime) -> NewEvent:
    delivery, provider = answer.call.delivery, answer.call.account.provider
    detail = {"endpoint": str(delivery.endpoint_id), "channel": delivery.channel, "provider": provider}
    return NewEvent(delivery.tenant_id, "endpoint.disabled", at, delivery.notification_id, delivery.id, GONE, detail)


def _count(answers: Sequence[Answer]) -> None:
    """What is counted the same way is counted at once: a counter shared by processes takes its time."""
    ended = Counter((a.call.delivery.channel, a.call.account.provider, OUTCOME[type(a.result)]) for a in answers)
    for (channel, provider, outcome), number in ended.items():
        DELIVERIES.labels(channel, provider, outcome).inc(number)
        if outcome != OUTCOME[Sent]:
            PROVIDER_ERRORS.labels(provider, outcome).inc(number)
    for channel, number in Counter(a.call.delivery.channel for a in answers if a.call.delivery.attempts).items():
        RETRIES.labels(channel).inc(number)
    for answer in answers:
        delivery, account = answer.call.delivery, answer.call.account
        DELIVERY_SECONDS.labels(delivery.channel, account.provider).observe(answer.seconds)
        if answer.cost_micros:
            COST_MICROS.labels(delivery.channel, account.terms.currency).inc(answer.cost_micros)
