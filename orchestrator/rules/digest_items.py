"""What becomes of the items of a digest when it closes, and what its template sees of them: pure.

Each item is judged by itself, on every channel on which it was gathered, for what may have changed since then:

| Judged      | Leaves the digest with                                            |
|-------------|-------------------------------------------------------------------|
| expiry      | `expired`                                                         |
| preference  | `preference_off`: its type, its category, a condition on its data |
| consent     | `consent_missing`                                                 |
| suppression | `suppressed`, `unsubscribed`: every address, or the person's word |

An item leaves when every one of its channels is refused; the reason is that of the first. Refused on some of them, it
may still be told on the others: items that are refused on the same channels are told as one, the most frequent of such
groups; the digest is then refused there when it is planned, as each of them would be. The others go out by themselves.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from orchestrator.rules.situation import NOBODY
from preferences.rules import UNSUBSCRIBED, Ban, Wishes, barred_everywhere, judged
from preferences.rules.conditions import GATHERED
from preferences.rules.consent import Demand, Said, refused

LeftOut = Literal[
    "",
    "cancelled",
    "retracted",
    "expired",
    "preference_off",
    "consent_missing",
    "suppressed",
    "unsubscribed",
]


@dataclass(frozen=True, slots=True)
class Item:
    """One message that a digest gathered. `id` is its notification's, which is also its place in the order.

    `channels`: those on which it was gathered; where that is not known only its expiry is judged.
    """

    id: UUID
    type: str
    at: datetime
    data: Mapping[str, Any]
    expires_at: datetime | None = None
    left_out: LeftOut = ""
    category: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stance:
    """How the person of a digest stands to its items. `bans`: by channel, for each of their addresses there."""

    wishes: Wishes = NOBODY
    demands: Mapping[str, Demand] = field(default_factory=dict)  # by category: what its items need consent for
    said: Sequence[Said] = ()
    bans: Mapping[str, Sequence[Sequence[Ban]]] = field(default_factory=dict)


NEUTRAL = Stance()


@dataclass(frozen=True, slots=True)
class Leaving:
    """Why an item is not told, and what else is known of that."""

    reason: LeftOut
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a digest. `together`: one message with all `items`; else each of them is sent by itself, as those
    `apart` are in any case.
    """

    items: tuple[Item, ...]
    together: bool
    apart: tuple[Item, ...] = ()
    left_out: Mapping[UUID, Leaving] = field(default_factory=dict)  # what leaves at this moment


def told(items: Sequence[Item], *, min_items: int, at: datetime, stance: Stance = NEUTRAL) -> Told:
    """Judge each item once more at the moment of closing; items in the order of their acceptance."""
    there = [item for item in sorted(items, key=lambda item: item.id) if not item.left_out]
    channels = sorted({channel for item in there for channel in item.channels})
    refusals = {item.id: _refusals(item, channels, stance, at=at) for item in there}
    leaving = {item.id: why for item in there if (why := _leaving(item, refusals[item.id], at=at))}
    going = [item for item in there if item.id not in leaving]
    agreed = _agreed([frozenset(refusals[item.id]) for item in going])
    as_one = tuple(item for item in going if refusals[item.id].keys() == agreed)
    if len(as_one) < min_items:
        return Told(tuple(going), together=False, left_out=leaving)
    apart = tuple(item for item in going if refusals[item.id].keys() != agreed)
    return Told(as_one, together=True, apart=apart, left_out=leaving)


def data_of(items: Sequence[Item], *, key: str) -> dict[str, Any]:
    """What a digest's template sees: `items` in order, `count`, `key` and `first`. `gathered` tells everybody else that
    this is what several messages said.

    An item is the data of its notification. What that does not say is filled in: `title` (the type), `body`, `url`, and
    `notification`, which tells where it is from.
    """
    shown = [
        {
            "title": item.type,
            "body": "",
            "url": "",
            "notification": {"id": str(item.id), "type": item.type, "at": item.at.isoformat()},
            **item.data,
        }
        for item in items
    ]
    return {"items": shown, "count": len(shown), "key": key, "first": shown[0] if shown else {}, GATHERED: True}


def _leaving(item: Item, refusals: Mapping[str, Leaving], *, at: datetime) -> Leaving | None:
    if item.expires_at is not None and item.expires_at <= at:
        return Leaving("expired")
    if item.channels and all(channel in refusals for channel in item.channels):
        return refusals[item.channels[0]]
    return None


def _refusals(item: Item, channels: Sequence[str], stance: Stance, *, at: datetime) -> dict[str, Leaving]:
    """Why it may not be told on channels of its digest; one on which it may be is missing."""
    found = {channel: _refusal(item, channel, stance, at=at) for channel in channels}
    return {channel: why for channel, why in found.items() if why}


def _refusal(item: Item, channel: str, stance: Stance, *, at: datetime) -> Leaving | None:
    unwanted = judged(stance.wishes, channel=channel, category=item.category, type=item.type, data=item.data, at=at)
    if unwanted:
        return Leaving("preference_off", {"channel": channel, "rule": unwanted.rule, **unwanted.detail})
    demand = stance.demands.get(item.category)
    unagreed = refused(demand, channel=channel, state=stance.said) if demand else None
    if unagreed:
        return Leaving("consent_missing", unagreed.detail)
    ban = barred_everywhere(stance.bans.get(channel, ()), category=item.category, type=item.type)
    if ban is None:
        return None
    detail = {"channel": channel, "suppression": ban.reason, "scope": ban.scope}
    return Leaving("unsubscribed" if ban.code == UNSUBSCRIBED else "suppressed", detail)


def _agreed(refusals: Sequence[frozenset[str]]) -> frozenset[str]:
    """What most items are refused on; of several that are as frequent the smallest."""
    counted = Counter(refusals)
    return min(counted, key=lambda channels: (-counted[channels], len(channels), sorted(channels)), default=frozenset())
