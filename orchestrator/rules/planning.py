"""Decide what one notification becomes for one recipient: pure, and the same every time it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.ids import derived
from orchestrator.rules.strategy import Options, Strategy
from orchestrator.values import CRITICAL, ClaimedNotification, PlannedDelivery
from preferences.rules import Wishes, left_alone_until

NO_FALLBACK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Usable:
    """A channel that can be used for a recipient, at these endpoints (`None` in it: the channel needs no address)."""

    endpoints: tuple[UUID | None, ...]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A channel that cannot be used, and why: a stable reason code."""

    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known about one recipient of one notification. `channels` in the order in which they were asked for."""

    recipient_id: UUID
    timezone: str
    channels: Mapping[str, Usable | Unusable]
    data: Mapping[str, Any] | None
    wishes: Wishes = field(default_factory=Wishes)
    interrupting: frozenset[str] = frozenset()  # the channels that quiet hours hold back


def plan(
    notification: ClaimedNotification,
    situation: Situation,
    *,
    strategy: Strategy,
    configuration: Mapping[str, Any],
    at: datetime,
    tallied: bool,
) -> list[PlannedDelivery]:
    """The deliveries of one recipient, at least one: channels that cannot be used are there too, skipped with a reason.

    `at` is aware. Ids are derived, so planning again gives the same ones.
    """
    begin = _begin(notification, situation)
    starts_at = begin or max(notification.scheduled_at or at, at)
    channels = {
        name: _outlived(notification, situation, name, found, starts_at) for name, found in situation.channels.items()
    }
    usable = tuple(name for name, found in channels.items() if isinstance(found, Usable))
    options = Options(usable, ordered=bool(notification.channels), priority=notification.priority)
    steps = strategy.steps(options, configuration)
    fallback = int(configuration.get("fallback_after_seconds", NO_FALLBACK_SECONDS))
    last = max(len(steps) - 1, 0)

    def of(
        channel: str, found: Usable | Unusable, step: int = 0, due_at: datetime | None = None, wait_reason: str = ""
    ) -> Iterator[PlannedDelivery]:
        """The deliveries of one channel: one per endpoint, or one that says why not."""
        usable = isinstance(found, Usable)
        for endpoint in found.endpoints if isinstance(found, Usable) else (None,):
            yield PlannedDelivery(
                id=derived(notification.id, situation.recipient_id, channel, endpoint or "", step),
                tenant_id=notification.tenant_id,
                notification_id=notification.id,
                recipient_id=situation.recipient_id,
                endpoint_id=endpoint,
                channel=channel,
                step=step,
                last_step=last,
                mode=notification.mode,
                priority=notification.priority,
                state="pending" if usable else "skipped",
                reason="" if isinstance(found, Usable) else found.reason,
                wait_reason=wait_reason,
                due_at=_no_later(due_at, notification.expires_at) if usable else None,
                expires_at=notification.expires_at,
                unknown_policy=notification.unknown_policy,
                fallback_seconds=fallback,
                data=situation.data,
                tallied=tallied,
                detail={} if isinstance(found, Usable) else found.detail,
            )

    planned: list[PlannedDelivery] = []
    due = begin
    for number, step in enumerate(steps):
        if step.after_seconds:
            due = (due or starts_at) + timedelta(seconds=step.after_seconds)
        moments: list[datetime | None] = []
        for channel in step.channels:
            found = channels[channel]
            assert isinstance(found, Usable), f"strategy {strategy.key} chose the unusable channel {channel}"
            quiet_end = _quiet_until(notification, situation, channel, due or starts_at)
            moments.append(quiet_end or due)
            planned += of(channel, found, number, quiet_end or due, _waiting_for(number, due, quiet_end))
        due = _earliest(moments)
    for channel, found in channels.items():
        if isinstance(found, Unusable):
            planned += of(channel, found)
    # Where no channel had words there was nothing to choose from; the recipient is accounted for all the same.
    return planned or list(of("none", Unusable("channel_disabled")))


def _quiet_until(
    notification: ClaimedNotification, situation: Situation, channel: str, moment: datetime
) -> datetime | None:
    if channel not in situation.interrupting:
        return None
    return left_alone_until(
        situation.wishes,
        at=moment,
        zone=situation.timezone,
        category=notification.category,
        critical=notification.priority == CRITICAL,
    )


def _outlived(
    notification: ClaimedNotification, situation: Situation, channel: str, found: Usable | Unusable, moment: datetime
) -> Usable | Unusable:
    """A channel is of no use when its quiet hours last longer than the message."""
    if isinstance(found, Unusable) or notification.expires_at is None:
        return found
    end = _quiet_until(notification, situation, channel, moment)
    if end is None or end < notification.expires_at:
        return found
    return Unusable("quiet_hours", {"until": end.isoformat(), "expires_at": notification.expires_at.isoformat()})


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """When the step begins, and so what the next one counts from; `None` = at once."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def _waiting_for(step: int, due_at: datetime | None, quiet_end: datetime | None) -> str:
    if step:
        return "earlier_step"
    if quiet_end:
        return "quiet_hours"
    return "schedule" if due_at else ""


def _begin(notification: ClaimedNotification, situation: Situation) -> datetime | None:
    """When the first step is due: `None` at once, else the scheduled wall-clock time in the recipient's zone.

    A time that a change to summer time skips is read an hour later, one that comes twice the first time.
    """
    if not notification.scheduled_local:
        return None
    local = datetime.fromisoformat(notification.scheduled_local)
    return local.replace(tzinfo=ZoneInfo(situation.timezone)).astimezone(UTC)


def _no_later(due: datetime | None, expires_at: datetime | None) -> datetime | None:
    """What would be due after its expiry is due at its expiry: there it is found expired, and said to be."""
    return due if due is None or expires_at is None else min(due, expires_at)


def candidate_channels(notification: ClaimedNotification, *, known: Sequence[str]) -> tuple[str, ...]:
    """Channels worth considering: those asked for that have words, else all that have words, in their natural order."""
    asked = notification.channels or tuple(known)
    return tuple(channel for channel in asked if channel in notification.content_channels)
