"""Count the log again, line by line and in Python: what the database comes to in one statement must be the same."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models.expressions import RawSQL

from analytics.rules.latency import BOUNDS
from events.models import Event
from notifications.models import Notification

MILLISECOND = timedelta(milliseconds=1)
OPENS = ("delivery.opened", "delivery.clicked", "inbox.seen", "inbox.read")
ONCE = {
    "opened": OPENS,
    "clicked": ("delivery.clicked",),
    "complained": ("delivery.complained",),
    "unsubscribed": ("delivery.unsubscribed",),
    "converted": ("delivery.converted",),
}
ENDS = {"sent", "delivered", "bounced", "failed", "dead", "cancelled", "expired", "skipped", "unknown"}


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that a line counts for."""

    tenant_id: UUID
    mode: str
    at: datetime
    channel: str
    type: str
    strategy: str
    outcome: str
    number: int = 1
    attempts: int = 0
    took_ms: int | None = None
    currency: str = ""
    cost_micros: int = 0

    @property
    def bucket(self) -> int | None:
        return bisect_right(BOUNDS, self.took_ms) if self.outcome == "sent" and self.took_ms is not None else None


def everything() -> list[Counted]:
    """All that the log tells, in the order in which it was written."""
    notifications = {row.id: row for row in Notification.objects.all()}
    seen: set[tuple[UUID, str]] = set()
    events = Event.objects.order_by(RawSQL("xid", ()), "id")
    return [one for event in events for one in _of_line(event, notifications.get(event.notification_id), seen)]


def _of_line(event: Event, about: Notification | None, seen: set[tuple[UUID, str]]) -> Iterator[Counted]:
    detail: dict[str, Any] = event.detail
    common: dict[str, Any] = {
        "tenant_id": event.tenant_id,
        "mode": about.mode if about else "live",
        "at": event.at,
        "channel": detail.get("channel", ""),
        "type": about.type if about else "",
        "strategy": about.strategy if about else "",
        "took_ms": _took(event.at, about),
    }
    if event.kind == "delivery.planned":
        yield Counted(outcome="planned", **common)
        if detail["to"] == "skipped":
            yield Counted(outcome="skipped", **common)
    elif event.kind == "delivery.moved":
        yield from _of_move(detail, common)
    elif event.kind == "deliveries.cancelled":
        for channel, number in detail["channels"].items():
            yield Counted(outcome="cancelled", number=number, **{**common, "channel": channel})
    elif event.kind == "suppression.added" and event.reason == "unsubscribe" and event.delivery_id is None:
        gone = {"mode": "live", "type": "", "strategy": "", "took_ms": None}
        yield Counted(outcome="unsubscribed", **{**common, **gone})
    elif event.reason != "automated" and event.delivery_id is not None:
        common["channel"] = detail.get("channel", "in_app")
        for outcome, kinds in ONCE.items():
            if event.kind in kinds and (event.delivery_id, outcome) not in seen:
                seen.add((event.delivery_id, outcome))
                yield Counted(outcome=outcome, **common)


def _of_move(detail: dict[str, Any], common: dict[str, Any]) -> Iterator[Counted]:
    was, becomes = detail["from"], detail["to"]
    outcome = becomes if becomes in ENDS else "retried" if (was, becomes) == ("sending", "pending") else None
    if outcome:
        charged = {"currency": detail.get("currency", ""), "cost_micros": detail.get("cost_micros", 0)}
        yield Counted(outcome=outcome, attempts=int(was == "sending"), **common, **charged)


def _took(at: datetime, about: Notification | None) -> int | None:
    if about is None or about.scheduled_local:
        return None
    wanted = max(about.created_at, about.scheduled_at or about.created_at)
    return max((at - wanted) // MILLISECOND, 0)


def rows_of(counted: list[Counted], minutes: int) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """What rows of so many minutes must say, by their key."""
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    length = timedelta(minutes=minutes)
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for one in counted:
        begin = epoch + (one.at - epoch) // length * length
        key = (one.tenant_id, one.mode, begin, one.channel, one.type, one.strategy, one.outcome, one.currency)
        timed = one.number if one.took_ms is not None else 0
        added = (one.number, one.attempts, timed, one.number * (one.took_ms or 0), one.cost_micros)
        found[key] = [a + b for a, b in zip(found[key], added, strict=True)]
    return {key: tuple(sums) for key, sums in found.items()}


def buckets_of(counted: list[Counted]) -> Counter[int]:
    return Counter(one.bucket for one in counted if one.bucket is not None)
