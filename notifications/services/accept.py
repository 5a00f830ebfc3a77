"""The front door: take requests to notify, each accepted or refused on its own, in the caller's transaction.

`accept` is what schedules, event rules and bulk routes call, and what another Django app in the same database may call
inside its own transaction: a notification is accepted exactly if that transaction commits. `accept_together` is for
strangers that come at the same time, see `services.together`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from audience.selectors import naming
from audience.services import upsert_recipients
from events.bells import ring_on_commit
from events.services import line_ids
from kernel.clock import iso
from kernel.ids import uuid7
from kernel.metrics import NOTIFICATIONS
from notifications.answers import head_of
from notifications.catalogue import set_alarm
from notifications.rules.requests import Known
from notifications.services.insert import AT_ONCE, NewNotification, inserting
from notifications.services.judging import Admitted, judge_all, known_to, named_in
from notifications.values import (
    PRIORITY_NAME,
    Accepted,
    Answer,
    NotificationRequest,
    Refused,
    Trouble,
    route_of,
)
from tenants.asking import ask
from tenants.idempotency import Claim, Done, Fresh, InFlight, Replay, Twin, Verdict, remembering, reserving
from tenants.scope import tenant_scope


@dataclass(frozen=True, slots=True)
class Door:
    """Who stands at the door: the tenant, whether it is for real, who acts, and the trace the request belongs to."""

    tenant_id: UUID
    mode: str = "live"  # "test" goes to the sandbox providers
    actor: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and who stands at the door with it."""

    door: Door
    request: NotificationRequest


def accept(*, door: Door, requests: Sequence[NotificationRequest], at: datetime) -> list[Answer]:
    """Accept or refuse each of `requests`; answers come in their order. `at` is the moment of acceptance.

    As many statements for a thousand requests as for one. Expected refusals are values and leave nothing behind.
    Workers are woken when the transaction commits. Raises `LostRace` when another transaction finished with one of the
    idempotency keys meanwhile: nothing was done, and doing it again will find that answer.
    """
    return accept_together(door.tenant_id, [Asked(door, request) for request in requests], at=at)


def accept_together(tenant_id: UUID, asked: Sequence[Asked], *, at: datetime) -> list[Answer]:
    """As `accept`, for requests that came through several doors of one tenant: all in one transaction."""
    with tenant_scope(tenant_id):
        claims = _claims(asked)
        verdicts, recipients = ask(
            reserving(tenant_id, claims=list(claims.values()), at=at),
            naming(tenant_id, named_in(one.request for one in asked)),
        )
        known_before, twins = _sorted_out(claims, dict(zip(claims, verdicts, strict=True)))
        new = {i: one.request for i, one in enumerate(asked) if i not in known_before and i not in twins}

        known = known_to(tenant_id, new.values(), recipients=recipients)
        judged = judge_all(new, known=known, at=at)
        admitted = {i: verdict for i, verdict in judged.items() if isinstance(verdict, Admitted)}
        refused = {i: _refused(verdict) for i, verdict in judged.items() if not isinstance(verdict, Admitted)}

        people = _people(tenant_id, admitted.values(), known=known, at=at)
        lines = line_ids(at, len(admitted)) if admitted else []
        rows = {
            i: _row(asked[i].door, one, people=people, known=known, at=at, line=line)
            for (i, one), line in zip(admitted.items(), lines, strict=True)
        }
        accepted = {i: Accepted(id=row.id, body=msgspec.json.encode(head_of(row))) for i, row in rows.items()}
        done = [_done(claims[i], accepted[i]) for i in rows if i in claims]
        ask(inserting(list(rows.values())), remembering(tenant_id, done=done, at=at))
        _tell(rows.values())

    answers: dict[int, Answer] = {**known_before, **accepted, **refused}
    return [answers[i] if i in answers else _again(answers[twins[i]]) for i in range(len(asked))]


def _claims(asked: Sequence[Asked]) -> dict[int, Claim]:
    """The claims of the requests that carry an idempotency key, by the request's index, in order."""
    return {
        index: Claim(one.request.idempotency_key, _fingerprint(one.door, one.request))
        for index, one in enumerate(asked)
        if one.request.idempotency_key is not None
    }


def _fingerprint(door: Door, request: NotificationRequest) -> bytes:
    """What makes a request the same as another; what a test key asks is never what a live key asks."""
    said = msgspec.json.encode(("notification", door.mode, request), order="sorted")
    return hashlib.sha256(said).digest()


def _sorted_out(
    claims: Mapping[int, Claim], verdicts: Mapping[int, Verdict]
) -> tuple[dict[int, Answer], dict[int, int]]:
    """Answers to what was asked before, and for every twin within the batch the index of the request it repeats."""
    order = list(claims)
    answers: dict[int, Answer] = {}
    twins: dict[int, int] = {}
    for index, verdict in verdicts.items():
        key = claims[index].key
        match verdict:
            case Fresh():
                pass
            case Twin(of=number):
                twins[index] = order[number]
            case Replay(body=body):
                answers[index] = Accepted(id=UUID(msgspec.json.decode(body)["id"]), body=body, replayed=True)
            case InFlight():
                what = f"the first request with idempotency key '{key}' is still running; ask again in a moment"
                answers[index] = Refused(409, "idempotency_in_flight", what)
            case _:
                what = f"idempotency key '{key}' belongs to another request; use a new key for a new request"
                answers[index] = Refused(422, "idempotency_key_reused", what)
    return answers, twins


def _again(first: Answer) -> Answer:
    """The answer to a request that came twice in one batch."""
    return replace(first, replayed=True) if isinstance(first, Accepted) else first


def _refused(troubles: tuple[Trouble, ...]) -> Refused:
    counted = "1 error" if len(troubles) == 1 else f"{len(troubles)} errors"
    return Refused(422, "invalid", counted, troubles)


def _people(tenant_id: UUID, admitted: Iterable[Admitted], *, known: Known, at: datetime) -> Mapping[str, UUID]:
    """Whose ids are whose, once those who are told of are kept."""
    profiles = [profile for admission in admitted for profile in admission.profiles]
    told = upsert_recipients(tenant_id=tenant_id, recipients=profiles, at=at) if profiles else {}
    return {**known.recipients, **told}


def _tell(rows: Iterable[NewNotification]) -> None:
    """Wake the planners of what is due, set the alarm for what will be, and count, all on commit."""
    priorities = [PRIORITY_NAME[row.priority] for row in rows]
    if not priorities:
        return
    ring_on_commit({f"plan.{PRIORITY_NAME[row.priority]}" for row in rows if row.due_at == AT_ONCE})
    if later := [row.due_at for row in rows if isinstance(row.due_at, datetime)]:
        set_alarm(min(later))

    def count() -> None:
        for priority, number in Counter(priorities).items():
            NOTIFICATIONS.labels(priority).inc(number)

    transaction.on_commit(count, robust=True)


def _row(
    door: Door, admitted: Admitted, *, people: Mapping[str, UUID], known: Known, at: datetime, line: UUID
) -> NewNotification:
    request, judged = admitted.request, admitted.judged
    segment_id, members = known.segments[request.segment] if request.segment else (None, 0)
    count = members if request.segment else len(judged.people)
    detail = {"recipients": count, "type": judged.type, "strategy": judged.strategy}
    if judged.due_at:
        detail["due_at"] = iso(judged.due_at)
    return NewNotification(
        id=uuid7(at),
        tenant_id=door.tenant_id,
        mode=door.mode,
        type=judged.type,
        category=judged.category,
        priority=judged.priority,
        strategy=judged.strategy,
        channels=judged.channels,
        content={} if request.content is None else request.content,
        data=request.data,
        recipients=[_recipient(people[id], data) for id, data in judged.people.items()],
        segment_id=segment_id,
        recipient_count=count,
        status="scheduled" if judged.due_at else "queued",
        unknown_policy=judged.unknown_policy,
        scheduled_at=judged.scheduled_at,
        scheduled_local=request.scheduled_local.isoformat() if request.scheduled_local else "",
        recurrence=request.recurrence or "",
        template=judged.template,
        expires_at=judged.expires_at,
        cancellation_key=request.cancellation_key or "",
        correlation_id=request.correlation_id or "",
        idempotency_key=request.idempotency_key or "",
        dedup=judged.dedup,
        tags=request.tags,
        metadata=request.metadata,
        traceparent=door.traceparent,
        actor=door.actor,
        created_at=at,
        due_at=judged.due_at or AT_ONCE,
        line=line,
        detail=detail,
    )


def _recipient(id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": str(id), "data": data} if data else {"id": str(id)}


def _done(claim: Claim, accepted: Accepted) -> Done:
    headers = {"Content-Type": "application/json", "Location": route_of(accepted.id)}
    return Done(claim.key, claim.fingerprint, status=202, headers=headers, body=accepted.body)
