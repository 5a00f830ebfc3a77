"""Has this person been told already? What counts as the same message: pure.

A request says so with `dedup.key`: one message per key and recipient within a window, whatever its type, words or
channels. Critical messages and those that say `override` are news always; so is every occurrence of a recurrence.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from orchestrator.values import CRITICAL, ClaimedNotification


@dataclass(frozen=True, slots=True)
class Sight:
    """A recipient about to be told something. Two sights of one recipient with one digest are the same message."""

    tenant_id: UUID
    recipient_id: UUID
    digest: bytes  # 16 bytes
    notification_id: UUID
    at: datetime
    until: datetime  # the end of the window: from then on the same is news again

    @property
    def place(self) -> tuple[UUID, bytes]:
        """What makes two sights the same message."""
        return self.recipient_id, self.digest


def sight_of(
    notification: ClaimedNotification, recipient_id: UUID, *, window_minutes: int, at: datetime
) -> Sight | None:
    """What to look for; `None`: it is news whatever was said before. `window_minutes` 0 turns it all off."""
    key = notification.dedup.get("key")
    exempt = notification.priority == CRITICAL or notification.dedup.get("override") or notification.recurrence
    if not key or exempt or not window_minutes:
        return None
    digest = hashlib.sha256(f"key\0{key}".encode()).digest()[:16]
    until = at + timedelta(minutes=window_minutes)
    return Sight(notification.tenant_id, recipient_id, digest, notification.id, at, until)


def first_of_each(sights: list[Sight]) -> tuple[list[Sight], Mapping[Sight, UUID]]:
    """Of sights of one moment, the first of each place; and the others with the notification that came first.

    The oldest notification counts as first, so the order in which they are given does not matter.
    """
    first: dict[tuple[UUID, bytes], Sight] = {}
    for sight in sorted(sights, key=lambda sight: sight.notification_id):
        first.setdefault(sight.place, sight)
    later = {
        sight: first[sight.place].notification_id
        for sight in sights
        if first[sight.place].notification_id != sight.notification_id
    }
    return list(first.values()), later
