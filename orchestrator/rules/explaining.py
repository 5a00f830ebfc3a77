"""Say in words what was decided for one recipient, so that somebody who was not there understands it: pure."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kernel import structs
from orchestrator.rules.conditions import about_people, name_of
from orchestrator.rules.planning import Decision, refusals

WAITING = {
    "schedule": "it was scheduled for then",
    "earlier_step": "unless an earlier step has succeeded by then",
    "quiet_hours": "the recipient wants to be left alone until then",
    "outside_window": "it may not go out before",
    "frequency_cap": "the recipient had as many as they may get until then",
    "quota_exceeded": "as many as the operator allows in a period had begun",
    "digest": "it is gathered with others until then",
}
_SOON = timedelta(days=6)


class ExplainedStep(msgspec.Struct, kw_only=True):
    """A message that goes out. `at` null = at once; `says` is the same on the recipient's own clock."""

    channel: str
    step: int
    at: datetime | None
    waits_for: str | None
    says: str


class ExplainedSkip(msgspec.Struct, kw_only=True):
    """A channel that is not used: why, by which rule, and the smallest change that would turn it round."""

    channel: str
    reason: str
    rule: str
    flip: str | None
    detail: dict[str, str]


class ArmExplained(msgspec.Struct, kw_only=True):
    """One way to begin: how likely it was to be drawn, and the chance and price it was believed to have."""

    channel: str
    delay_seconds: int
    propensity: float
    chance: float
    cost_micros: int


class ChoiceExplained(msgspec.Struct, kw_only=True):
    """How a strategy that learns came to its first step: by drawing among `arms`, or `like` another one because …"""

    like: str | None = None
    because: str | None = None
    segment: str | None = None
    arms: list[ArmExplained] = []


class AskedExplained(msgspec.Struct, kw_only=True):
    """What a condition of the strategy asked of the person, and whether it was so when it was decided."""

    path: str
    op: str
    value: Any
    holds: bool


class Explained(msgspec.Struct, kw_only=True):
    """One decision: the strategy it was taken under, the clock it was taken on, and what came of every channel."""

    recipient: str | None
    decided_at: datetime
    timezone: str
    strategy: str
    strategy_kind: str
    strategy_version: int
    experiment: str | None  # the one that decided on the strategy or the words
    arm: str | None  # the recipient's; `holdout` = nothing at all
    choice: ChoiceExplained | None  # null where the strategy does not learn
    asked: list[AskedExplained]  # of the person, such as whether they were active lately
    steps: list[ExplainedStep]
    skipped: list[ExplainedSkip]


def explained(decision: Decision, *, recipient: str | None) -> Explained:
    """A decision in words. `recipient` is the tenant's own id; null once the person was erased."""
    case, zone = decision.case.in_arm(decision.situation.arm), decision.situation.timezone
    meets = decision.situation.meets
    return Explained(
        recipient=recipient,
        decided_at=case.at,
        timezone=zone,
        strategy=case.strategy.key,
        strategy_kind=case.strategy.kind,
        strategy_version=case.strategy.version,
        experiment=case.experiment.key if case.experiment else None,
        arm=case.arm or None,
        choice=structs.convert(decision.why, ChoiceExplained) if decision.why else None,
        asked=[
            AskedExplained(path=one["path"], op=one["op"], value=one.get("value", True), holds=name in meets)
            for name, one in {name_of(one): one for one in about_people(case.strategy.configuration)}.items()
        ],
        steps=[
            ExplainedStep(
                channel=delivery.channel,
                step=delivery.step,
                at=delivery.due_at,
                waits_for=delivery.wait_reason or None,
                says=_says(delivery.due_at, delivery.wait_reason, now=case.at, zone=zone),
            )
            for delivery in decision.deliveries
            if delivery.state == "pending"
        ],
        skipped=[
            ExplainedSkip(
                channel=name,
                reason=no.reason,
                rule=no.rule,
                flip=no.flip or None,
                detail={key: str(value) for key, value in no.detail.items()},
            )
            for name, no in refusals(decision)
        ],
    )


def _says(at: datetime | None, waits_for: str, *, now: datetime, zone: str) -> str:
    if at is None:
        return "goes out at once"
    why = WAITING.get(waits_for)
    return f"goes out at {_local(at, now=now, zone=zone)}" + (f": {why}" if why else "")


def _local(at: datetime, *, now: datetime, zone: str) -> str:
    """`06:00 Europe/Paris`, with the weekday when it is not today, with the date when it is not this week."""
    here, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    day = "" if here.date() == today.date() else f"{here:%a} " if at - now < _SOON else f"{here:%Y-%m-%d} "
    return f"{day}{here:%H:%M} {zone}"
