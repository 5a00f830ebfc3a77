"""What a strategy is: a pure rule from the channels that could be used to the steps in which to use them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from kernel.registry import Registry
from orchestrator.rules.faults import Fault, name_faults, number_faults, word_faults
from orchestrator.rules.success import LEVELS, ORDINARY

__all__ = ["BadConfiguration", "Fault", "LeftOut", "Options", "Step", "Strategy", "number_faults", "strategies"]

LONGEST_FALLBACK_SECONDS = 86_400
LONGEST_WAIT_SECONDS = 30 * 86_400
COMMON_FIELDS = ("fallback_after_seconds", "success")


@dataclass(frozen=True, slots=True)
class Step:
    """Channels used at the same time, `after_seconds` after the step before began (the first: after the beginning)."""

    channels: tuple[str, ...]
    after_seconds: int = 0
    fallback_after_seconds: int | None = None  # when the step before failed; None = as the strategy says
    between: tuple[str, str] | None = None  # the part of the recipient's day in which it may begin; None = any


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a strategy does not use a channel that could be used: a stable reason code, and what the log is told."""

    reason: str  # condition_not_met | not_in_strategy
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """What a strategy chooses from for one recipient: usable channels, in the order asked for or their natural one.

    `ordered` tells whether the request named the order itself. `priority` is 0 (critical) to 3 (low). A strategy that
    draws lots draws them from `seed` alone, so that the same decision can be taken again.
    """

    channels: tuple[str, ...]
    ordered: bool
    priority: int
    at: datetime = datetime(2000, 1, 1, tzinfo=UTC)  # when the first step begins, aware
    expires_at: datetime | None = None  # None = never
    timezone: str = "UTC"  # the recipient's, an IANA name
    data: Mapping[str, Any] = field(default_factory=dict)  # the notification's, with what is for this recipient only
    meets: tuple[str, ...] = ()  # what conditions ask of the person and find so, by `conditions.name_of`
    evidence: Mapping[str, Any] = field(default_factory=dict)  # by channel; what it means is the strategy's own affair
    seed: int = 0

    @property
    def urgency(self) -> str:
        """The priority by its name."""
        return ("critical", "high", "medium", "low")[self.priority]


class BadConfiguration(ValueError):
    """A strategy's configuration cannot be used; the message says what would do."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults))
        self.faults = tuple(faults)


class Strategy:
    """One way to orchestrate. Subclasses set the class attributes, implement `steps` and register an instance."""

    key: ClassVar[str]
    kind: ClassVar[str]  # immediate | sequential | smart | priority_based
    title: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]
    learns: ClassVar[bool] = False  # it wants evidence
    draws: ClassVar[bool] = True  # it may look at `seed`
    fields: ClassVar[tuple[str, ...]] = ()  # what its configuration may hold beside `COMMON_FIELDS`; () = anything

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        """The steps for one recipient. Every usable channel at most once; none may be invented."""
        raise NotImplementedError  # abstract

    def told(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reader of the decision is told of how the steps came about, as plain JSON values."""
        return {}

    def left_out(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, LeftOut]:
        """The usable channels that `steps` does not use, on purpose."""
        return {}

    def draws_without_evidence(self, configuration: Mapping[str, Any]) -> bool:
        """Whether it looks at `seed` where there is no evidence; if not, it is asked once for all who are alike."""
        return self.draws

    def faults(self, configuration: Mapping[str, Any]) -> Iterator[Fault]:
        """Everything that is wrong with what `configuration` says; nothing: it can be used."""
        yield from number_faults(configuration, "fallback_after_seconds", least=0, most=LONGEST_FALLBACK_SECONDS)
        yield from word_faults(configuration, "success", known=LEVELS, default=ORDINARY)

    def check(self, configuration: Mapping[str, Any]) -> None:
        """Raise `BadConfiguration` unless `configuration` can be used and holds nothing that nobody reads."""
        unknown = name_faults(configuration, known=(*COMMON_FIELDS, *self.fields)) if self.fields else ()
        if found := (*unknown, *self.faults(configuration)):
            raise BadConfiguration(found)


strategies: Registry[Strategy] = Registry("strategy")
"""Strategies: which channels, in which order, how far apart. One file each; each registers itself.

Third parties add theirs through the entry-point group `carillon.strategies`.
"""
