"""What a decision is taken on: the case that is the same for every recipient, and the situation of one of them.

Both are whole: with them and the rules of their day the decision can be taken again, to the bit (`rules/record.py`).
What there is one of for each recipient is a struct: a frozen dataclass takes ten times as long to make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from notifications.rules.policy import NO_POLICY, TypePolicy
from orchestrator.rules.bandit import ChannelEvidence
from orchestrator.rules.conditions import about_people
from orchestrator.rules.experiments import HOLDOUT, Arm, assigned
from orchestrator.rules.success import ORDINARY, Level
from orchestrator.values import CRITICAL, ClaimedNotification
from preferences.rules import Ban, Jurisdiction, Wishes
from preferences.rules.consent import Demand, Said

NOBODY = Wishes()


@dataclass(frozen=True, slots=True)
class Use:
    """A message to the recipient that a cap counts. `sent`: at `at`; else it is to be sent. `value` is its type's."""

    notification_id: UUID
    at: datetime
    type: str
    category: str
    priority: int
    value: float = 1.0
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """The digest that a message went into, and when it closes unless more comes. `leads`: it goes out and opened it."""

    id: UUID
    closes_at: datetime
    leads: bool = False


@dataclass(frozen=True, slots=True)
class ChannelTraits:
    """What is true of a channel for everybody: whether an account may carry it, and what it is like."""

    key: str
    provided: bool = True
    needs_endpoint: bool = True
    fan_out: bool = False  # one delivery per endpoint, else the newest endpoint
    interrupts: bool = True  # it makes a sound, so it waits in quiet hours
    tells: Level = ORDINARY  # the most that is ever heard of a message on it


class EndpointFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One address of the recipient. `carried`: an account takes addresses of its kind."""

    id: UUID
    carried: bool = True
    bans: tuple[Ban, ...] = ()


@dataclass(frozen=True, slots=True)
class StrategyFacts:
    """The strategy as it stood: the key by which it was asked for, the registered kind, and its configuration."""

    key: str
    kind: str
    version: int = 0  # 0 = the built-in default
    configuration: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArmFacts:
    """An arm of an experiment as it stood. `strategy` and `channels` (those it has words for) are `None` where it does
    as it would be done without it."""

    arm: Arm
    strategy: StrategyFacts | None = None
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExperimentFacts:
    """A running experiment on messages of this type."""

    id: UUID
    key: str
    salt: str
    holdout_percent: float
    arms: tuple[ArmFacts, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One notification to be decided on at a moment. `channels` are those considered, in the order asked for.

    `tallied`: its deliveries are counted as they move, because there are many.
    """

    notification: ClaimedNotification
    strategy: StrategyFacts
    channels: tuple[ChannelTraits, ...]
    at: datetime
    policy: TypePolicy = NO_POLICY
    tallied: bool = False
    experiment: ExperimentFacts | None = None
    arm: str = ""  # of the experiment, once it is about one recipient
    consent: Demand | None = None  # what it needs of the recipient's word; `None`: nothing

    @property
    def critical(self) -> bool:
        return self.notification.priority == CRITICAL

    @property
    def asks(self) -> tuple[Mapping[str, Any], ...]:
        """What the conditions of the strategy, or of any that an arm may choose, ask of the person."""
        arms = self.experiment.arms if self.experiment else ()
        chosen = (self.strategy, *(arm.strategy for arm in arms if arm.strategy))
        return tuple(one for strategy in chosen for one in about_people(strategy.configuration))

    def arm_of(self, recipient: str) -> str:
        """The arm of the experiment that a recipient (the tenant's own id) is in; empty without one. Nobody is kept
        from what is critical.
        """
        if self.experiment is None:
            return ""
        percent = 0.0 if self.critical else self.experiment.holdout_percent
        arms = tuple(arm.arm for arm in self.experiment.arms)
        return assigned(recipient, salt=self.experiment.salt, arms=arms, holdout_percent=percent)

    def in_arm(self, arm: str) -> "Case":
        """The case as it is for those in an arm of its experiment."""
        if not arm or self.experiment is None:
            return self
        own = replace(self, arm=arm)
        if arm == HOLDOUT:
            return own
        found = next(one for one in self.experiment.arms if one.arm.key == arm)
        if found.channels is not None:
            own = replace(own, channels=tuple(traits for traits in self.channels if traits.key in found.channels))
        return replace(own, strategy=found.strategy) if found.strategy else own

    @property
    def success(self) -> str:
        """What counts as success, if the type or the strategy says so."""
        return str(self.policy.success or self.strategy.configuration.get("success", ""))


class Situation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known about one recipient. `endpoints` by channel, newest first; `known` is false once erased."""

    recipient_id: UUID
    timezone: str
    endpoints: Mapping[str, tuple[EndpointFacts, ...]] = {}
    known: bool = True
    wishes: Wishes = NOBODY
    duplicate_of: UUID | None = None  # the notification that told the same before
    uses: tuple[Use, ...] = ()  # what counts beside it under the caps of its type; other messages only
    digests: Mapping[str, Gathered] = {}  # by the name of the policy
    data: Mapping[str, Any] | None = None  # what the request said for this recipient only
    place: Jurisdiction | None = None  # whose law and whose clocks count; `None` where neither matters
    evidence: Mapping[str, ChannelEvidence] = {}  # by channel, where the strategy learns
    meets: tuple[str, ...] = ()  # which of the case's questions about the person are answered yes, by their names
    arm: str = ""  # of the case's experiment; it is kept, what it was drawn from is not
    consents: tuple[Said, ...] = ()  # their newest words about what the case needs consent for


class Usable(msgspec.Struct, frozen=True):
    """A channel that can be used for a recipient, at these endpoints (`None` in it: the channel needs no address)."""

    endpoints: tuple[UUID | None, ...]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A channel that is not used: a stable reason code, the rule that said so, and what would turn it round.

    `detail` goes into the log beside the reason; `rule` and `flip` are told to whoever asks why.
    """

    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""
    flip: str = ""


Verdict = Usable | Unusable
Verdicts = Mapping[str, Verdict]  # by channel, in the order in which they were considered
