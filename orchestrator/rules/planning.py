"""Decide what one notification becomes for one recipient: pure, and the same every time it is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from kernel.ids import derived
from orchestrator.rules.caps import FREQUENCY_CAP, room_at
from orchestrator.rules.daytime import seconds_until_open
from orchestrator.rules.judging import FLIPS, judge
from orchestrator.rules.situation import Case, ChannelTraits, Situation, Unusable, Usable, Verdict, Verdicts
from orchestrator.rules.strategy import Options, Step, strategies
from orchestrator.rules.success import criterion_for
from orchestrator.rules.timing import Hold, begins_at, first_moment, held_until
from orchestrator.values import ClaimedNotification, PlannedDelivery
from preferences.rules import channel_order_of, preferred_order

NO_FALLBACK_SECONDS = 60
MOST_HOLDS = 10  # holds and parts of the day in turn; what never agrees ends at the expiry
_SEED = (1 << 62) - 1
WORDLESS = Unusable(
    "channel_disabled",
    rule="words",
    flip="give the notification or its template words for one of the channels asked for",
)


class Decision(msgspec.Struct, frozen=True):
    """What was decided for one recipient: about every channel considered, and the deliveries that follow from it."""

    case: Case
    situation: Situation
    verdicts: Verdicts
    deliveries: tuple[PlannedDelivery, ...]
    arm: str = ""  # of the experiment of the case
    why: Mapping[str, Any] = {}  # how a strategy that learns came to its steps


def decide(case: Case, situation: Situation) -> Decision:
    """Judge the channels and plan the steps; the same case and situation give the same decision."""
    own = case.in_arm(situation.arm)
    verdicts = judge(own, situation)
    strategy, configuration = strategies.get(own.strategy.kind), own.strategy.configuration
    options = _options(own, situation, verdicts)
    if left := strategy.left_out(options, configuration):
        for channel, no in left.items():
            verdicts[channel] = Unusable(no.reason, no.detail, rule="strategy", flip=FLIPS.get(no.reason, ""))
        options = replace(options, channels=tuple(name for name in options.channels if name not in left))
    why = strategy.told(options, configuration) if strategy.learns else {}
    planned = _planned(own, situation, verdicts, options)
    return Decision(case, situation, verdicts, tuple(_logged(planned, why) if why else planned), own.arm, why)


def refusals(decision: Decision) -> Iterator[tuple[str, Unusable]]:
    """The channels that are not used, each with the reason; "none" where there was no channel to choose from."""
    for name, found in decision.verdicts.items():
        if isinstance(found, Unusable):
            yield name, found
    if not decision.verdicts:
        yield "none", WORDLESS


def plan(case: Case, situation: Situation, verdicts: Verdicts) -> list[PlannedDelivery]:
    """The deliveries of one recipient, at least one: channels that cannot be used are there too, skipped with a reason.

    Ids are derived, so planning again gives the same ones.
    """
    return _planned(case, situation, verdicts, _options(case, situation, verdicts))


def _planned(case: Case, situation: Situation, verdicts: Verdicts, options: Options) -> list[PlannedDelivery]:
    traits = {channel.key: channel for channel in case.channels}
    starts_at = options.at
    steps = strategies.get(case.strategy.kind).steps(options, case.strategy.configuration)
    deliver = _Deliveries(case, situation, last_step=max(len(steps) - 1, 0))

    planned: list[PlannedDelivery] = []
    due = begins_at(case, situation)
    for number, step in enumerate(steps):
        if step.after_seconds:
            due = (due or starts_at) + timedelta(seconds=step.after_seconds)
        moments: list[datetime | None] = []
        for channel in step.channels:
            found = verdicts[channel]
            assert isinstance(found, Usable), f"strategy {case.strategy.key} chose the unusable channel {channel}"
            hold = _held(case, situation, traits.get(channel), step, due or starts_at)
            moments.append(hold.until if hold else due)
            planned += deliver.of(channel, found, number, moments[-1], _waiting_for(number, due, hold), step=step)
        due = _earliest(moments)
    for channel, found in verdicts.items():
        if isinstance(found, Unusable):
            planned += deliver.of(channel, found)
    # Where no channel had words there was nothing to choose from; the recipient is accounted for all the same.
    return planned or list(deliver.of("none", WORDLESS))


class _Deliveries:
    """Writes the rows of one recipient."""

    def __init__(self, case: Case, situation: Situation, *, last_step: int) -> None:
        self._case, self._situation, self._last = case, situation, last_step
        self._success = (
            {traits.key: criterion_for(case.success, tells=traits.tells) for traits in case.channels}
            if case.success
            else {}
        )
        self._fallback = int(case.strategy.configuration.get("fallback_after_seconds", NO_FALLBACK_SECONDS))

    def of(
        self,
        channel: str,
        found: Verdict,
        number: int = 0,
        due_at: datetime | None = None,
        wait_reason: str = "",
        *,
        step: Step | None = None,
    ) -> Iterator[PlannedDelivery]:
        """The deliveries of one channel: one per endpoint, or one that says why not."""
        notification, recipient_id = self._case.notification, self._situation.recipient_id
        endpoints: tuple[UUID | None, ...] = found.endpoints if isinstance(found, Usable) else (None,)
        refusal = found if isinstance(found, Unusable) else None
        detail: Mapping[str, Any] = refusal.detail if refusal else {}
        for endpoint in endpoints:
            yield PlannedDelivery(
                id=derived(notification.id, recipient_id, channel, endpoint or "", number),
                tenant_id=notification.tenant_id,
                notification_id=notification.id,
                recipient_id=recipient_id,
                endpoint_id=endpoint,
                channel=channel,
                step=number,
                last_step=self._last,
                mode=notification.mode,
                priority=notification.priority,
                state="skipped" if refusal else "pending",
                reason=refusal.reason if refusal else "",
                wait_reason=wait_reason,
                due_at=None if refusal else _no_later(due_at, notification.expires_at),
                expires_at=notification.expires_at,
                unknown_policy=notification.unknown_policy,
                fallback_seconds=_own(step.fallback_after_seconds if step else None, self._fallback),
                data=self._situation.data,
                tallied=self._case.tallied,
                detail=detail,
                success=self._success.get(channel, ""),
            )


def _options(case: Case, situation: Situation, verdicts: Verdicts) -> Options:
    notification, wishes = case.notification, situation.wishes
    usable = tuple(name for name, found in verdicts.items() if isinstance(found, Usable))
    # The order that a request names beats the one that the recipient likes, and that beats the strategy's.
    liked = not notification.channels and bool(channel_order_of(wishes, at=case.at))
    return Options(
        preferred_order(wishes, usable, at=case.at) if liked else usable,
        ordered=liked or bool(notification.channels),
        priority=notification.priority,
        at=first_moment(case, situation),
        expires_at=notification.expires_at,
        timezone=situation.timezone,
        data={**notification.data, **(situation.data or {})},
        meets=situation.meets,
        evidence=situation.evidence,
        seed=derived(notification.id, situation.recipient_id, "seed").int & _SEED,
    )


def _logged(planned: Iterable[PlannedDelivery], why: Mapping[str, Any]) -> Iterator[PlannedDelivery]:
    """The log is told with which propensity the first channel was drawn: without it nobody could judge the draws."""
    drawn = why.get("drawn", {})
    for delivery in planned:
        first = delivery.state == "pending" and delivery.step == 0 and delivery.channel == drawn.get("channel")
        yield msgspec.structs.replace(delivery, detail={**delivery.detail, "drawn": drawn}) if first else delivery


def _own(seconds: int | None, otherwise: int) -> int:
    return otherwise if seconds is None else seconds


def _held(case: Case, situation: Situation, channel: ChannelTraits | None, step: Step, moment: datetime) -> Hold | None:
    """What puts a channel off, and until when: after every hold the part of the day of its step has to come again."""
    hold = _hold(case, situation, channel, moment)
    if hold is None or step.between is None:
        return hold
    for _ in range(MOST_HOLDS):
        wait = seconds_until_open(step.between, at=hold.until, after_seconds=0, timezone=situation.timezone)
        opens = hold.until + timedelta(seconds=wait)
        again = _hold(case, situation, channel, opens) if wait else None
        if again is None:
            return replace(hold, until=opens)
        hold = again
    return hold


def _hold(case: Case, situation: Situation, channel: ChannelTraits | None, moment: datetime) -> Hold | None:
    """What keeps a channel from being used: a cap, and whatever else does when there is room again."""
    free_at = room_at(case, situation)
    if free_at is None or free_at <= moment:
        return held_until(case, situation, channel, moment) if channel else None
    later = held_until(case, situation, channel, free_at) if channel else None
    return later or Hold(free_at, FREQUENCY_CAP, "caps")


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """When the step begins, and so what the next one counts from; `None` = at once."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def _waiting_for(step: int, due_at: datetime | None, hold: Hold | None) -> str:
    if step:
        return "earlier_step"
    if hold:
        return hold.reason
    return "schedule" if due_at else ""


def _no_later(due: datetime | None, expires_at: datetime | None) -> datetime | None:
    """What would be due after its expiry is due at its expiry: there it is found expired, and said to be."""
    return due if due is None or expires_at is None else min(due, expires_at)


def candidate_channels(notification: ClaimedNotification, *, known: Sequence[str]) -> tuple[str, ...]:
    """Channels worth considering: those asked for that have words, else all that have words, in their natural order."""
    asked = notification.channels or tuple(known)
    return tuple(channel for channel in asked if channel in notification.content_channels)
