"""Dead letters: keep what ran out of ways, find it, tag it, discard it. Trying again is in `replays`."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from events.services import record
from events.values import NewEvent
from orchestrator.models import DeadLetter
from tenants.services import audit

OPEN = DeadLetter.State.OPEN
JUST_AFTER = timedelta(microseconds=1)  # timelines tell the move first; lines of one moment have no order


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """A delivery that has just become `dead`. `error` is {"code", "detail"} of the last trouble, or empty."""

    id: UUID
    tenant_id: UUID
    notification_id: UUID
    channel: str
    provider: str
    reason: str
    error: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which dead letters are meant: all that agree with everything given. Empty and `None` do not narrow.

    `added_after` is included, `added_before` is not.
    """

    state: str = OPEN
    channel: str = ""
    provider: str = ""
    reason: str = ""
    tag: str = ""
    notification: UUID | None = None
    added_after: datetime | None = None
    added_before: datetime | None = None


def add(deliveries: Sequence[DeadDelivery], *, at: datetime) -> int:
    """Keep deliveries that have become `dead`, in the transaction that moved them; returns how many that opened.

    A replayed or discarded one that dies again is open again and keeps its tags and the number of its replays.
    """
    if not deliveries:
        return 0
    ordered = sorted(deliveries, key=lambda delivery: delivery.id)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            (
                at,
                [d.id for d in ordered],
                [d.tenant_id for d in ordered],
                [d.notification_id for d in ordered],
                [d.channel for d in ordered],
                [d.provider for d in ordered],
                [d.reason for d in ordered],
                [json.dumps(d.error) for d in ordered],
                [d.attempts for d in ordered],
            ),
        )
        added = dict(cursor.fetchall())
    record(
        [
            NewEvent(
                d.tenant_id,
                "dead_letter.added",
                at + JUST_AFTER,
                d.notification_id,
                d.id,
                d.reason,
                {"channel": d.channel, "provider": d.provider, "attempts": d.attempts, "replays": added[d.id]},
            )
            for d in ordered
            if d.id in added
        ]
    )
    return len(added)


def matching(narrowing: Narrowing, *, tenant_id: UUID) -> QuerySet[DeadLetter]:
    """The dead letters of a tenant that `narrowing` means."""
    exact = {
        "state": narrowing.state,
        "channel": narrowing.channel,
        "provider": narrowing.provider,
        "reason": narrowing.reason,
        "tags__contains": [narrowing.tag] if narrowing.tag else None,
        "notification_id": narrowing.notification,
        "added_at__gte": narrowing.added_after,
        "added_at__lt": narrowing.added_before,
    }
    return DeadLetter.objects.filter(tenant_id=tenant_id, **{name: value for name, value in exact.items() if value})


def tag(
    ids: Collection[UUID],
    *,
    tenant_id: UUID,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    actor: str,
    at: datetime,
) -> int:
    """Put tags on dead letters and take others off; returns how many changed. A tag in both is taken off."""
    with transaction.atomic():
        changed = []
        for letter in _locked(ids, tenant_id=tenant_id):
            tags = [name for name in dict.fromkeys([*letter.tags, *add]) if name not in remove]
            if tags != letter.tags:
                letter.tags = tags
                changed.append(letter)
        DeadLetter.objects.bulk_update(changed, ("tags",), batch_size=1000)
        _tell("tagged", changed, detail={"add": sorted(add), "remove": sorted(remove)}, actor=actor, at=at)
    return len(changed)


def discard(ids: Collection[UUID], *, tenant_id: UUID, reason: str, actor: str, at: datetime) -> int:
    """Close open dead letters for good; returns how many. Their deliveries stay `dead`. `reason` is for people."""
    with transaction.atomic():
        letters = _locked(ids, tenant_id=tenant_id, state=OPEN)
        _close(letters, at=at)
        _tell("discarded", letters, detail={"reason": reason}, actor=actor, at=at)
    return len(letters)


def withdraw(ids: Collection[UUID], *, at: datetime) -> int:
    """Close the open dead letters of deliveries that turned out to be sent after all; returns how many.

    Joins the transaction that writes the late proof.
    """
    if not ids:
        return 0
    letters = list(DeadLetter.objects.filter(id__in=set(ids), state=OPEN).order_by("id").select_for_update())
    _close(letters, at=at)
    record([_event("discarded", letter, reason="late_proof", at=at) for letter in letters])
    return len(letters)


_ADD = """
INSERT INTO orchestrator_deadletter AS kept
  (id, tenant_id, notification_id, channel, provider, reason, error, attempts, state, tags, added_at, replays)
SELECT id, tenant_id, notification_id, channel, provider, reason, error::jsonb, attempts, 'open', '{}', %s, 0
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[])
  AS new (id, tenant_id, notification_id, channel, provider, reason, error, attempts)
ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, reason = excluded.reason, error = excluded.error,
  attempts = excluded.attempts, state = 'open', added_at = excluded.added_at, discarded_at = NULL
WHERE kept.state <> 'open'
RETURNING id, replays
"""


def _locked(ids: Collection[UUID], *, tenant_id: UUID, **narrowed: Any) -> list[DeadLetter]:
    """Locked in the order of their ids, so that two hands at work on the same letters cannot deadlock."""
    rows = DeadLetter.objects.filter(tenant_id=tenant_id, id__in=set(ids), **narrowed)
    return list(rows.order_by("id").select_for_update())


def _close(letters: Sequence[DeadLetter], *, at: datetime) -> None:
    DeadLetter.objects.filter(id__in=[letter.id for letter in letters]).update(
        state=DeadLetter.State.DISCARDED, discarded_at=at
    )


def _tell(what: str, letters: Sequence[DeadLetter], *, detail: dict[str, Any], actor: str, at: datetime) -> None:
    if not letters:
        return
    record([_event(what, letter, detail=detail, actor=actor, at=at) for letter in letters])
    counted = {"count": len(letters), **detail}
    audit(letters[0].tenant_id, actor=actor, action=f"dead_letters.{what}", detail=counted, at=at)


def _event(
    what: str,
    letter: DeadLetter,
    *,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    actor: str = "",
    at: datetime,
) -> NewEvent:
    kind = f"dead_letter.{what}"
    return NewEvent(letter.tenant_id, kind, at, letter.notification_id, letter.id, reason, detail or {}, actor)
