"""Try again what ran out of ways: dead letters, and failed deliveries that somebody names; never faster than asked.

The guard is one conditional update of the deliveries: whoever comes second, by a double click or from another process,
finds nothing left to move.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Coalesce, Concat

from events.bells import ring_on_commit
from events.services import record
from events.values import NewEvent
from kernel.clock import iso
from notifications.models import Delivery, Notification
from notifications.rules.states import FINISHED, DeliveryState, NotificationStatus
from orchestrator.models import DeadLetter
from orchestrator.services.dead_letters import Narrowing, matching
from orchestrator.services.timers import wake_timekeeper
from tenants.services import audit

LANE, LANE_NAME = 5, "dead"
DEFAULT_RATE, MAX_RATE = 50, 1000  # per second
MOST_AT_ONCE = 10_000  # deliveries that one call moves, in one transaction
REPLAYED_AFTER = "replayed_after_"  # before the reason for which a notification had ended


@dataclass(frozen=True, slots=True)
class Named:
    """These deliveries, dead or failed. A dead letter has the id of its delivery."""

    ids: Collection[UUID]


@dataclass(frozen=True, slots=True)
class Matching:
    """Dead letters that agree with a narrowing."""

    narrowing: Narrowing


Selection = Named | Matching


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did, or would do. `matched` could be replayed, `replayed` of them were.

    `last_due_at` is when the last of them may be sent; `None` = there is none.
    """

    matched: int
    replayed: int
    last_due_at: datetime | None

    @property
    def remaining(self) -> int:
        """What matched beyond `MOST_AT_ONCE`, or was replayed by somebody else meanwhile."""
        return self.matched - self.replayed


def replay(
    selection: Selection, *, tenant_id: UUID, rate_per_second: int, actor: str, at: datetime, after: int = 0
) -> Replayed:
    """Make up to `MOST_AT_ONCE` deliveries pending again with a new budget of attempts, one every 1/rate seconds.

    `at` is when the first is due; `after` says how many earlier calls of the same run have placed before it. Each has a
    day from its moment, its notification is `processing` again, and the trails say who did it.
    """
    with transaction.atomic():
        matched = _replayable(selection, tenant_id=tenant_id)
        ids = list(matched.order_by("id").values_list("id", flat=True)[:MOST_AT_ONCE])
        moved = _move(ids, tenant_id=tenant_id, rate_per_second=rate_per_second, at=at, after=after)
        # What was moved matches no more.
        found = matched.count() + len(moved) if len(ids) == MOST_AT_ONCE else len(ids)
        if moved:
            _reopen({row.notification_id for row in moved}, tenant_id=tenant_id, at=at)
            replays = _note([row.id for row in moved], at=at)
            _tell(moved, selection, tenant_id=tenant_id, replays=replays, rate=rate_per_second, actor=actor, at=at)
            wake_timekeeper(min((row.due_at for row in moved if row.due_at), default=None))
            ring_on_commit({LANE_NAME})
    return Replayed(matched=found, replayed=len(moved), last_due_at=_last(len(moved), rate_per_second, after, at=at))


def rehearse(selection: Selection, *, tenant_id: UUID, rate_per_second: int, at: datetime) -> Replayed:
    """What `replay` would find now, and when the last would be due; changes nothing."""
    matched = _replayable(selection, tenant_id=tenant_id).count()
    return Replayed(matched=matched, replayed=0, last_due_at=_last(matched, rate_per_second, 0, at=at))


@dataclass(frozen=True, slots=True)
class _Moved:
    id: UUID
    notification_id: UUID
    channel: str
    was: str
    due_at: datetime | None  # None = at once


# A day is what each is given from the moment it is due.
_MOVE = """
WITH locked AS (
  SELECT id, state FROM notifications_delivery
  WHERE id = ANY (%(ids)s) AND tenant_id = %(tenant)s AND state IN ('dead', 'failed')
  ORDER BY id FOR UPDATE
), placed AS (
  SELECT id, state, row_number() OVER (ORDER BY id) - 1 + %(after)s AS place FROM locked
), due AS (
  SELECT id, state, place, %(at)s::timestamptz + place / %(rate)s::float8 * interval '1 second' AS due_at FROM placed
)
UPDATE notifications_delivery d SET
  state = 'pending', reason = '', lane = %(lane)s,
  wait_reason = CASE WHEN due.place = 0 THEN '' ELSE 'throttled' END,
  due_at = CASE WHEN due.place = 0 THEN '-infinity' ELSE due.due_at END,
  expires_at = CASE WHEN d.expires_at IS NOT NULL THEN greatest(d.expires_at, due.due_at + interval '1 day') END,
  attempts_before = d.attempts, crashes = 0, failed_at = NULL
FROM due WHERE d.id = due.id AND d.state = due.state
RETURNING d.id, d.notification_id, d.channel, due.state, nullif(d.due_at, '-infinity')
"""


def _replayable(selection: Selection, *, tenant_id: UUID) -> Any:
    match selection:
        case Named(ids=ids):
            states = (DeliveryState.DEAD, DeliveryState.FAILED)
            return Delivery.objects.filter(tenant_id=tenant_id, id__in=set(ids), state__in=states)
        case Matching(narrowing=narrowing):
            dead = Delivery.objects.filter(id=OuterRef("id"), state=DeliveryState.DEAD)
            return matching(narrowing, tenant_id=tenant_id).filter(Exists(dead))


def _move(ids: list[UUID], *, tenant_id: UUID, rate_per_second: int, at: datetime, after: int) -> list[_Moved]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "ids": ids,
                "tenant": tenant_id,
                "rate": rate_per_second,
                "at": at,
                "after": after,
                "lane": LANE,
            },
        )
        return sorted((_Moved(*row) for row in cursor.fetchall()), key=lambda moved: moved.id)


def _reopen(notification_ids: Collection[UUID], *, tenant_id: UUID, at: datetime) -> None:
    """Let finished notifications be processed again. Locked first: one that is being finished now is waited for.

    What ended before it was wholly planned is not planned any further, and its reason goes on saying why.
    """
    rows = Notification.objects.filter(tenant_id=tenant_id, id__in=notification_ids)
    list(rows.order_by("id").select_for_update(no_key=True).values_list("id", flat=True))
    rows.filter(status__in=FINISHED).update(
        status=NotificationStatus.PROCESSING,
        finished_at=None,
        planned_at=Coalesce("planned_at", Value(at)),
        reason=Case(
            When(Q(reason="") | Q(reason__startswith=REPLAYED_AFTER), then=F("reason")),
            default=Concat(Value(REPLAYED_AFTER), F("reason"), output_field=TextField()),
        ),
    )


def _note(ids: list[UUID], *, at: datetime) -> dict[UUID, int]:
    """Mark the dead letters; returns how often each was replayed. A failed delivery has none."""
    letters = DeadLetter.objects.filter(id__in=ids).order_by("id").select_for_update()
    replays = {id: replays + 1 for id, replays in letters.values_list("id", "replays")}
    DeadLetter.objects.filter(id__in=list(replays)).update(
        state=DeadLetter.State.REPLAYED, replays=F("replays") + 1, replayed_at=at
    )
    return replays


def _tell(
    moved: list[_Moved],
    selection: Selection,
    *,
    tenant_id: UUID,
    replays: dict[UUID, int],
    rate: int,
    actor: str,
    at: datetime,
) -> None:
    events = []
    for row in moved:
        detail: dict[str, Any] = {"from": row.was, "to": "pending", "channel": row.channel}
        if row.id in replays:
            detail["replays"] = replays[row.id]
        if row.due_at is not None:
            detail["due_at"] = iso(row.due_at)
        events.append(
            NewEvent(tenant_id, "dead_letter.replayed", at, row.notification_id, row.id, detail=detail, actor=actor)
        )
    record(events)
    summary = {"count": len(moved), "rate_per_second": rate, "by": _said(selection)}
    audit(tenant_id, actor=actor, action="dead_letters.replayed", detail=summary, at=at)


def _said(selection: Selection) -> Any:
    """The selection as the audit trail keeps it."""
    match selection:
        case Named():
            return "ids"
        case Matching(narrowing=narrowing):
            given = {name: getattr(narrowing, name) for name in narrowing.__slots__}
            return {
                name: iso(value) if isinstance(value, datetime) else str(value)
                for name, value in given.items()
                if value
            }


def _last(count: int, rate_per_second: int, after: int, *, at: datetime) -> datetime | None:
    return at + timedelta(seconds=(after + count - 1) / rate_per_second) if count else None
