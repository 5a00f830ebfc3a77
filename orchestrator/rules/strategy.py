"""What a strategy is: a pure rule from the channels that could be used to the steps in which to use them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from kernel.registry import Registry

SUCCESSES = ("sent", "delivered", "seen", "clicked", "read")
LONGEST_FALLBACK_SECONDS = 86_400
LONGEST_WAIT_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Step:
    """Channels used at the same time, `after_seconds` after the step before began (0 for the first)."""

    channels: tuple[str, ...]
    after_seconds: int = 0


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
    recipient: Mapping[str, Any] = field(default_factory=dict)  # what conditions may ask of the person: "attributes" …
    evidence: Mapping[str, Any] = field(default_factory=dict)  # by channel; what it means is the strategy's own affair
    seed: int = 0

    @property
    def urgency(self) -> str:
        """The priority by its name."""
        return ("critical", "high", "medium", "low")[self.priority]


class Fault(NamedTuple):
    """What is wrong with a configuration: where (a JSON pointer into it), a stable code, and what would do."""

    pointer: str
    code: str
    message: str


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

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        """The steps for one recipient. Every usable channel at most once; none may be invented."""
        raise NotImplementedError  # abstract

    def left_out(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """Usable channels that `steps` does not use on purpose, each with what the log is told of why."""
        return {}

    def faults(self, configuration: Mapping[str, Any]) -> Iterator[Fault]:
        """Everything that is wrong with `configuration`; nothing: it can be used."""
        yield from number_faults(
            configuration, "fallback_after_seconds", least=0, most=LONGEST_FALLBACK_SECONDS, default=0
        )
        success = configuration.get("success", "delivered")
        if success not in SUCCESSES:
            yield Fault("/success", "unknown_success", f"no success {success!r}; known: {', '.join(SUCCESSES)}")

    def check(self, configuration: Mapping[str, Any]) -> None:
        """Raise `BadConfiguration` unless `configuration` can be used."""
        if found := tuple(self.faults(configuration)):
            raise BadConfiguration(found)


def number_faults(
    given: Mapping[str, Any], name: str, *, least: int, most: int, default: int, below: str = ""
) -> Iterator[Fault]:
    """What is wrong with the whole number called `name`, if it is there."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        message = f"{name} is {value!r}; give a whole number from {least} to {most}"
        yield Fault(f"{below}/{name}", "out_of_range", message)


strategies: Registry[Strategy] = Registry("strategy")
"""Strategies: which channels, in which order, how far apart. One file each; each registers itself.

Third parties add theirs through the entry-point group `carillon.strategies`.
"""
