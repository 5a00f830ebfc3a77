"""Decide whether a message may go out without a further word of the person: pure.

| The person said | The pair needs consent | The message                          |
|-----------------|------------------------|--------------------------------------|
| given           | either                 | may go                               |
| withdrawn       | either                 | may not: a no is a no                |
| nothing         | yes                    | may not                              |
| nothing         | no                     | may go                               |

A message is about the purpose that its type names, else about its category. A pair of purpose and channel needs consent
when the tenant's requirements say so; a type that names a purpose which they do not mention needs it on every channel.
Of what was said about a channel and about all of them the newer word counts. Required categories need nobody's consent.

Unless a tenant decides otherwise, marketing on SMS needs opt-in (TCPA, 47 CFR 64.1200(a)(2); read 2026-11).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from preferences.rules import REQUIRED_CATEGORIES

CONSENT_MISSING = "consent_missing"
EVERY_CHANNEL = "all"


@dataclass(frozen=True, slots=True)
class Said:
    """The newest word of a person about a purpose on a channel, or with `EVERY_CHANNEL` on all of them."""

    purpose: str
    channel: str
    given: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a tenant demands consent for, by purpose or category the channels; `spoken_of` has records of somebody."""

    channels: Mapping[str, frozenset[str]] = field(default_factory=dict)  # EVERY_CHANNEL stands for all
    spoken_of: frozenset[str] = frozenset()


DEFAULT_REQUIREMENTS = Requirements(channels={"marketing": frozenset({"sms"})})


@dataclass(frozen=True, slots=True)
class Demand:
    """What a message demands: the purpose whose records count, and the channels on which silence is a no."""

    purpose: str
    channels: tuple[str, ...] = ()

    def silence_is_no_on(self, channel: str) -> bool:
        return channel in self.channels or EVERY_CHANNEL in self.channels


@dataclass(frozen=True, slots=True)
class ConsentRefusal:
    """Why a message may not go out, and what would let it."""

    purpose: str
    channel: str
    withdrawn_at: datetime | None  # None = nothing was ever said
    code: str = CONSENT_MISSING
    rule: str = "consent"

    @property
    def detail(self) -> dict[str, str]:
        """What was found."""
        known = {"purpose": self.purpose, "channel": self.channel}
        return known if self.withdrawn_at is None else {**known, "withdrawn_at": self.withdrawn_at.isoformat()}

    @property
    def flip(self) -> str:
        """The smallest change that lets it go."""
        return f"would send with consent to '{self.purpose}' on {self.channel}"


def demand_of(requirements: Requirements, *, category: str, purpose: str) -> Demand | None:
    """What a message of this category and purpose demands; `None`: whatever anybody said, it may go."""
    if category in REQUIRED_CATEGORIES:
        return None
    named, by_category = requirements.channels.get(purpose), requirements.channels.get(category, frozenset())
    if purpose and named is None:
        return Demand(purpose, (EVERY_CHANNEL,))
    channels = tuple(sorted(by_category | (named or frozenset())))
    about = purpose or category
    return Demand(about, channels) if purpose or channels or about in requirements.spoken_of else None


def refused(demand: Demand, *, channel: str, state: Iterable[Said]) -> ConsentRefusal | None:
    """Why a message with this demand may not go to somebody who said that; `None` = it may."""
    newest = newest_word(state, purpose=demand.purpose, channel=channel)
    if newest is None:
        return ConsentRefusal(demand.purpose, channel, None) if demand.silence_is_no_on(channel) else None
    return None if newest.given else ConsentRefusal(demand.purpose, channel, newest.at)


def newest_word(state: Iterable[Said], *, purpose: str, channel: str) -> Said | None:
    """What counts of what somebody said; at the same moment a no."""
    words = [said for said in state if said.purpose == purpose and said.channel in (channel, EVERY_CHANNEL)]
    return max(words, key=lambda said: (said.at, not said.given), default=None)
