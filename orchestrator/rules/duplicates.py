"""Has this person been told already? What counts as the same message: pure.

A request says so with `dedup.key`: one message per key and recipient within a window, whatever its type, words or
channels. A type says so in its policy: the same words (`content`), nearly the same ones (`near`), anything of the
`type`, or anything with the same correlation id (`correlation`).

Critical messages and those that say `override` are news always; so is every occurrence of a recurrence, and what tells
of a digest.

The words are judged before they are filled in, so nothing need be rendered for it: they are those of the request, the
name of its template, and the data for this person, all normalised (NFKC, case, white space; digits stay).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from notifications.rules.policy import DedupPolicy
from orchestrator.rules.similarity import distance, normalised, simhash, texts_in
from orchestrator.values import CRITICAL, ClaimedNotification

STRATEGIES = ("key", "correlation", "type", "content", "near")  # in the order in which they are asked


@dataclass(frozen=True, slots=True)
class Near:
    """Alike within one `scope` are those whose SimHashes differ in at most `distance` of 64 bits."""

    scope: int
    simhash: int
    distance: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A recipient about to be told something. Two sights of one recipient with one digest are the same message."""

    tenant_id: UUID
    recipient_id: UUID
    digest: bytes  # 16 bytes
    notification_id: UUID
    at: datetime
    until: datetime  # the end of the window: from then on the same is news again
    by: str = "key"  # one of STRATEGIES
    sliding: bool = False  # each repetition keeps the window open for as long again
    near: Near | None = None  # what is compared, where alike is enough

    @property
    def place(self) -> tuple[UUID, bytes]:
        """What makes two sights the same message."""
        return self.recipient_id, self.digest


def sight_of(
    notification: ClaimedNotification, recipient_id: UUID, *, window_minutes: int, at: datetime
) -> Sight | None:
    """What to look for; `None`: it is news whatever was said before. `window_minutes` 0 turns it all off."""
    key = notification.dedup.get("key")
    if not key or always_news(notification) or not window_minutes:
        return None
    digest = hashlib.sha256(f"key\0{key}".encode()).digest()[:16]
    until = at + timedelta(minutes=window_minutes)
    return Sight(notification.tenant_id, recipient_id, digest, notification.id, at, until)


def always_news(notification: ClaimedNotification) -> bool:
    """Is it told whatever was said before?"""
    dedup = notification.dedup
    return bool(notification.priority == CRITICAL or dedup.get("override") or notification.recurrence)


def sights_by_policy(
    notification: ClaimedNotification,
    recipient_id: UUID,
    *,
    policy: DedupPolicy,
    words: Mapping[str, Any],
    correlation_id: str,
    own: Mapping[str, Any],
    window_minutes: int,
    at: datetime,
) -> Iterator[Sight]:
    """What to look for as the type wants it. `words` are those that the request brought along, `own` the data that it
    has for this recipient only."""
    until = at + timedelta(minutes=policy.window_minutes or window_minutes)
    if always_news(notification) or until == at:
        return
    said = list(map(normalised, texts_in([words, {**notification.data, **own}])))
    for by in policy.by:
        scope = (notification.mode, "" if policy.across_types or by == "correlation" else notification.type)
        near: Near | None = None
        match by:
            case "correlation" if not correlation_id:
                continue
            case "correlation":
                what = [correlation_id]
            case "type":
                what = []
            case "content":
                what = [notification.template, *said]
            case "near":
                what = said
                near = Near(_number(scope), simhash(said), policy.distance)
        digest = _hashed([by, *scope, *what])[:16]
        place = notification.tenant_id, recipient_id
        yield Sight(*place, digest, notification.id, at, until, by=by, sliding=policy.sliding, near=near)


def are_alike(one: Sight, other: Sight) -> bool:
    """Would the second be one time too many after the first?"""
    if one.recipient_id != other.recipient_id or one.near is None or other.near is None:
        return False
    return one.near.scope == other.near.scope and distance(one.near.simhash, other.near.simhash) <= other.near.distance


def _hashed(parts: list[Any]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(parts)).digest()


def _number(scope: tuple[str, str]) -> int:
    return int.from_bytes(_hashed(["scope", *scope])[:8], "big", signed=True)


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
