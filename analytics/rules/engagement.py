"""What is learned from people's engagement: who behaves alike, and what succeeds with them. Pure.

A message handed to a provider is a *try*; a person who opens, clicks or reads it within `WINDOW` makes it a *success*,
once. Both fade: what is a half-life old counts half. A person's own history puts them into a *segment*:

| Part of its name | Means                                                                                      |
|------------------|--------------------------------------------------------------------------------------------|
| `new`            | fewer than `FEW` tries (this is then the whole name)                                       |
| a channel        | the one on which they succeed most readily; `none` while they never did                    |
| `rarely` …       | how often they engage at all: `rarely` below 5 %, `sometimes` below 20 %, else `often`     |
| `morning` …      | the part of their day in which most of their successes were sent; left out without any     |

The limits are fixed, so nobody changes their segment because others changed their ways.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orchestrator.rules.bandit import NOTHING, Count

WINDOW = timedelta(days=7)
FEW = 6.0
RARELY, SOMETIMES = 0.05, 0.20
DOUBT = 5.0  # tries that a channel must outweigh before its rate is believed
EVERYBODY = "*"  # the segment that all of a tenant's people are in as well

TAKEN = frozenset({"sent", "delivered"})  # states that a delivery comes to when a provider has taken it
SUCCESSES = frozenset({"delivery.opened", "delivery.clicked", "inbox.read"})


@dataclass(frozen=True, slots=True)
class Profile:
    """One person's history, as it stood at `as_of`: counts by channel, and successes by part of the day."""

    as_of: datetime
    channels: Mapping[str, Count] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)


def faded(since: datetime, until: datetime, half_life: timedelta) -> float:
    """How much of what was counted at `since` still counts at `until`; a moment that lies before counts in full."""
    return math.pow(0.5, max((until - since) / half_life, 0.0))


def later(profile: Profile, at: datetime, half_life: timedelta) -> Profile:
    """The same history, faded until `at`; an earlier moment changes nothing."""
    if at <= profile.as_of:
        return profile
    left = faded(profile.as_of, at, half_life)
    return Profile(
        at,
        {channel: (tries * left, successes * left) for channel, (tries, successes) in profile.channels.items()},
        {part: successes * left for part, successes in profile.parts.items()},
    )


def tried(profile: Profile, channel: str) -> Profile:
    tries, successes = profile.channels.get(channel, NOTHING)
    return replace(profile, channels={**profile.channels, channel: (tries + 1, successes)})


def succeeded(profile: Profile, channel: str, hour_of_week: int) -> Profile:
    """What was sent in that hour was a success."""
    tries, successes = profile.channels.get(channel, NOTHING)
    part = part_of_day(hour_of_week % 24)
    return replace(
        profile,
        channels={**profile.channels, channel: (tries, successes + 1)},
        parts={**profile.parts, part: profile.parts.get(part, 0.0) + 1},
    )


def segment_of(profile: Profile | None) -> str:
    """Who behaves alike: the name of this person's segment."""
    counts = profile.channels if profile else {}
    tries = sum(count[0] for count in counts.values())
    successes = sum(count[1] for count in counts.values())
    if profile is None or tries < FEW:
        return "new"
    favourite = max(sorted(counts), key=lambda channel: counts[channel][1] / (counts[channel][0] + DOUBT))
    rate = successes / tries
    name = [favourite if successes else "none"]
    name.append("rarely" if rate < RARELY else "sometimes" if rate < SOMETIMES else "often")
    if successes and profile.parts:
        name.append(max(sorted(profile.parts), key=profile.parts.__getitem__))
    return "/".join(name)


def part_of_day(hour: int) -> str:
    """Whole hours of the local clock: night is 23 to 5."""
    for name, ends in (("night", 5), ("morning", 11), ("afternoon", 17), ("evening", 23)):
        if hour < ends:
            return name
    return "night"


def hour_of_week(local: datetime) -> int:
    """0 is Monday from midnight on, 167 the last hour of Sunday; by the clock of `local`."""
    return local.weekday() * 24 + local.hour
