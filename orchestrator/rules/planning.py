"""Decide what one notification becomes for one recipient: pure, and the same every time it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.ids import derived
from orchestrator.rules.strategy import Options, Strategy
from orchestrator.values import ClaimedNotification, PlannedDelivery

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
    usable = tuple(name for name, found in situation.channels.items() if isinstance(found, Usable))
    options = Options(usable, ordered=bool(notification.channels), priority=notification.priority)
    steps = strategy.steps(options, configuration)
    begin = _begin(notification, situation)
    fallback = int(configuration.get("fallback_after_seconds", NO_FALLBACK_SECONDS))
    last = max(len(steps) - 1, 0)

    def of(
        channel: str, found: Usable | Unusable, step: int = 0, due_at: datetime | None = None
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
                wait_reason=_waiting_for(step, due_at) if usable else "",
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
            due = (due or at) + timedelta(seconds=step.after_seconds)
        for channel in step.channels:
            found = situation.channels[channel]
            assert isinstance(found, Usable), f"strategy {strategy.key} chose the unusable channel {channel}"
            planned += of(channel, found, number, due)
    for channel, found in situation.channels.items():
        if isinstance(found, Unusable):
            planned += of(channel, found)
    # Where no channel had words there was nothing to choose from; the recipient is accounted for all the same.
    return planned or list(of("none", Unusable("channel_disabled")))


def _waiting_for(step: int, due_at: datetime | None) -> str:
    if step:
        return "earlier_step"
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
