"""Digests: what is gathered instead of being sent at once, and when a digest closes. Pure.

A moment of a calendar window is read on the recipient's clock: one that a change to summer time leaves out comes an
hour later, of one that comes twice the first counts.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from notifications.rules.policy import Day, DigestPolicy, DigestWindow
from orchestrator.rules.caps import capped
from orchestrator.rules.situation import Case, Situation
from orchestrator.rules.timing import begins_at
from preferences.rules import Batch, frequency_for

LONGEST = timedelta(days=31)  # no digest is open for longer
COMMON_TEMPLATE = "digest"  # of the starter set; words what people asked to be gathered
DAYS: tuple[str, ...] = get_args(Day)
SLIDES = 10  # a sliding window that names no maximum is open for at most so many times its seconds


def closes_at(window: DigestWindow, *, first_at: datetime, last_at: datetime, zone: str) -> datetime:
    """When a digest closes whose items came between `first_at` and `last_at`; in UTC, after `first_at`.

    Joining never moves it before what it was, and never beyond `latest_at`.
    """
    latest = latest_at(window, first_at=first_at, zone=zone)
    return min(latest, _from(window, last_at, zone)) if window.mode == "sliding" else latest


def latest_at(window: DigestWindow, *, first_at: datetime, zone: str) -> datetime:
    """The moment beyond which nothing that joins can keep the digest open."""
    if window.mode == "sliding":
        longest = timedelta(seconds=window.max_seconds) if window.max_seconds else _length(window) * SLIDES
        return first_at.astimezone(UTC) + min(max(longest, _length(window)), LONGEST)
    return _from(window, first_at, zone)


def gathers(case: Case, situation: Situation, *, channel: str) -> DigestPolicy | None:
    """The digest that this message goes into on a channel: the one the person asked for, else the type's first that
    names the channel or names none.

    Nothing critical waits, nor what begins at a moment of its own, nor what would expire before the digest closes.
    """
    if case.critical or begins_at(case, situation) is not None:
        return None
    digest = _asked_for(case, situation, channel) or _of_type(case, situation, channel)
    expires_at = case.notification.expires_at
    if digest is None or expires_at is None:
        return digest
    at = case.at
    return digest if closes_at(digest.window, first_at=at, last_at=at, zone=situation.timezone) < expires_at else None


def may_gather(case: Case, situation: Situation) -> bool:
    """Is there a digest at all that the message could go into?"""
    frequencies = any(level.frequency for level in situation.wishes.in_force(case.at))
    return not case.critical and (bool(case.policy.digests) or frequencies)


def _of_type(case: Case, situation: Situation, channel: str) -> DigestPolicy | None:
    """The type's own. Where a cap sends what is over it into the digest, only that is gathered."""
    if any(cap.over == "digest" for cap in case.policy.caps):
        over = capped(case, situation)
        if over is None or over.over != "digest":
            return None
    digests = (digest for digest in case.policy.digests if not digest.channels or channel in digest.channels)
    return next(digests, None)


def _asked_for(case: Case, situation: Situation, channel: str) -> DigestPolicy | None:
    """A digest as the person wants to hear of such messages, in the words of the type's own or the common ones."""
    notification = case.notification
    wish = frequency_for(
        situation.wishes, type=notification.type, category=notification.category, channel=channel, at=case.at
    )
    if not isinstance(wish, Batch):
        return None
    window = DigestWindow(
        mode="calendar", every=wish.every, at="00:00" if wish.every == "hour" else wish.at, on=wish.on
    )
    template = next((digest.template for digest in case.policy.digests if digest.template), COMMON_TEMPLATE)
    return DigestPolicy(name=f"{wish.every}.{wish.at}.{wish.on}", window=window, channels=(channel,), template=template)


def _length(window: DigestWindow) -> timedelta:
    return timedelta(seconds=window.seconds)


def _from(window: DigestWindow, moment: datetime, zone: str) -> datetime:
    """When the window closes if nothing else comes after `moment`."""
    if window.mode != "calendar":
        return moment.astimezone(UTC) + _length(window)
    here, at = ZoneInfo(zone), time.fromisoformat(window.at)
    return _next_hour(moment, at.minute, here) if window.every == "hour" else _next_day(window, moment, at, here)


def _next_hour(moment: datetime, minute: int, here: ZoneInfo) -> datetime:
    local = moment.astimezone(here).replace(second=0, microsecond=0)
    ahead = (minute - local.minute) % 60 or 60
    return local.astimezone(UTC) + timedelta(minutes=ahead)


def _next_day(window: DigestWindow, moment: datetime, at: time, here: ZoneInfo) -> datetime:
    today = moment.astimezone(here).date()
    days = (today + timedelta(days=number) for number in range(-1, 10))
    moments = (
        _moment(day, at, here) for day in days if window.every == "day" or day.weekday() == DAYS.index(window.on)
    )
    return next(found for found in moments if found > moment)


def _moment(day: date, at: time, here: ZoneInfo) -> datetime:
    return datetime.combine(day, at, here).astimezone(UTC)
