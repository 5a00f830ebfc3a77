"""Decide when a message may begin and until when a channel is to be left alone: pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from orchestrator.rules.situation import Case, ChannelTraits, Situation
from preferences.rules import left_alone_until

QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing goes out before `until`. `reason` is the reason code of what does not live that long."""

    until: datetime
    reason: str


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
    if not channel.interrupts:
        return None
    until = left_alone_until(
        situation.wishes,
        at=moment,
        zone=situation.timezone,
        category=case.notification.category,
        critical=case.critical,
    )
    return Hold(until, QUIET_HOURS) if until else None
