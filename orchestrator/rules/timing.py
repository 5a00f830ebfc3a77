"""Decide when a message may begin and until when a channel is to be left alone: pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from notifications.rules.policy import TypePolicy
from orchestrator.rules.situation import Case, ChannelTraits, Situation
from preferences.rules import (
    MARKETING,
    QUIET_HOURS,
    REQUIRED_CATEGORIES,
    TEXTS,
    Jurisdiction,
    Opening,
    Window,
    Wishes,
    calling_hours,
    clock_of,
    held,
    holidays_of,
    openings_by_law,
    quiet_of,
    windows_in,
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing goes out before `until`. `reason` is the reason code of what does not live that long."""

    until: datetime
    reason: str
    rule: str = ""  # what put it off last


def begins_at(case: Case, situation: Situation) -> datetime | None:
    """When the first step is due: `None` at once, else the scheduled wall-clock time in the recipient's zone.

    A time that a change to summer time skips is read an hour later, one that comes twice the first time.
    """
    if not case.notification.scheduled_local:
        return None
    local = datetime.fromisoformat(case.notification.scheduled_local)
    return local.replace(tzinfo=ZoneInfo(situation.timezone)).astimezone(UTC)


def first_moment(case: Case, situation: Situation) -> datetime:
    """The same as a moment: what is due at once is due now, or when it was scheduled for."""
    return begins_at(case, situation) or max(case.notification.scheduled_at or case.at, case.at)


def held_until(case: Case, situation: Situation, channel: ChannelTraits, moment: datetime) -> Hold | None:
    """What keeps this channel from being used at `moment`, and until when; `None`: nothing does."""
    about = Timing(case.notification.category, case.policy, critical=case.critical, interrupts=channel.interrupts)
    return hold_of(about, situation, channel=channel.key, expires_at=case.notification.expires_at, at=moment)


class Whom(Protocol):
    """What it depends on of the recipient; a `Situation` will do. `place`: where they are, when that matters."""

    @property
    def wishes(self) -> Wishes: ...
    @property
    def timezone(self) -> str: ...
    @property
    def place(self) -> Jurisdiction | None: ...


class Timing(Struct, frozen=True):
    """What is true of a message for everybody: what it is about, what its type asks for, whether it makes a sound."""

    category: str
    policy: TypePolicy
    critical: bool
    interrupts: bool


def hold_of(about: Timing, whom: Whom, *, channel: str, expires_at: datetime | None, at: datetime) -> Hold | None:
    """Until when a message on a channel is held back, by quiet hours, by its type's windows and by law.

    What belongs to a required category does not wait; what makes no sound does not either; what is critical waits for
    the law alone. Where the type says `quiet: send`, quiet hours do not hold what they would outlast.
    """
    if not about.interrupts or about.category in REQUIRED_CATEGORIES:
        return None
    quiet = () if about.critical else quiet_of(whom.wishes, at=at)
    hold = _hold(about, whom, channel=channel, quiet=quiet, at=at)
    if hold is None or expires_at is None or hold.until < expires_at or about.policy.quiet != "send":
        return hold
    return _hold(about, whom, channel=channel, quiet=(), at=at)


def may_wait(policy: TypePolicy, hold: Hold) -> bool:
    """Whether the type lets its messages wait for this, or wants them skipped."""
    return policy.quiet != "skip" or hold.reason != QUIET_HOURS


def place_matters(category: str, policy: TypePolicy, channels: Collection[str]) -> bool:
    """Whether it must be known in which country somebody is."""
    marketing = (policy.purpose or category) == MARKETING
    return not policy.holidays or (marketing and not TEXTS.isdisjoint(channels))


def _hold(about: Timing, whom: Whom, *, channel: str, quiet: tuple[Window, ...], at: datetime) -> Hold | None:
    zone = clock_of(whom.wishes, own=whom.timezone, at=at)
    openings = _openings(about, whom, channel=channel, zone=zone, at=at)
    if not quiet and not openings:
        return None
    found = held(at, quiet=quiet, zone=zone, openings=openings)
    return Hold(found.until, found.reason, found.rule) if found else None


def _openings(about: Timing, whom: Whom, *, channel: str, zone: str, at: datetime) -> list[Opening]:
    policy, place = about.policy, whom.place
    holidays = holidays_of(whom.wishes, place.country, at=at) if place else ()
    openings = [] if about.critical else _of_type(policy, zone=zone, holidays=holidays)
    hours = place and calling_hours(place.country, channel=channel, purpose=policy.purpose or about.category)
    if place and hours:
        openings += openings_by_law(hours, zones=place.zones, holidays=holidays)
    return openings


def _of_type(policy: TypePolicy, *, zone: str, holidays: tuple[date, ...]) -> list[Opening]:
    closed = () if policy.holidays else holidays
    windows = windows_in({"from": one.begins, "to": one.ends, "days": one.days} for one in policy.windows)
    return [Opening("type.windows", zone, windows, closed)] if windows or closed else []
