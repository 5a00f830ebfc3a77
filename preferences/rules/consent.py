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


def consent_refusal(
    *, category: str, purpose: str, channel: str, state: Iterable[Said], requirements: Requirements
) -> ConsentRefusal | None:
    """Why nothing of this category and purpose may go to somebody on `channel`; `None` = it may.

    `state` is what they said about the purpose, and may hold more.
    """
    if category in REQUIRED_CATEGORIES:
        return None
    about = subject_of(category=category, purpose=purpose)
    newest = newest_word(state, purpose=about, channel=channel)
    if newest is None:
        needed = needs_consent(requirements, category=category, purpose=purpose, channel=channel)
        return ConsentRefusal(about, channel, None) if needed else None
    return None if newest.given else ConsentRefusal(about, channel, newest.at)


def needs_consent(requirements: Requirements, *, category: str, purpose: str, channel: str) -> bool:
    """Whether silence is a no."""
    if purpose and purpose not in requirements.channels:
        return True
    demanded = requirements.channels.get(category, frozenset()) | requirements.channels.get(purpose, frozenset())
    return channel in demanded or EVERY_CHANNEL in demanded


def asks_for(requirements: Requirements, *, category: str, purpose: str) -> str:
    """The purpose whose records have to be read to judge such a message; empty: none, whatever its channel."""
    if category in REQUIRED_CATEGORIES:
        return ""
    about = subject_of(category=category, purpose=purpose)
    read = purpose or about in requirements.spoken_of or category in requirements.channels
    return about if read else ""


def newest_word(state: Iterable[Said], *, purpose: str, channel: str) -> Said | None:
    """What counts of what somebody said; at the same moment a no."""
    words = [said for said in state if said.purpose == purpose and said.channel in (channel, EVERY_CHANNEL)]
    return max(words, key=lambda said: (said.at, not said.given), default=None)


def subject_of(*, category: str, purpose: str) -> str:
    """What a message is about, as consent records call it."""
    return purpose or category
