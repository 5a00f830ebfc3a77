"""What a strategy is: a pure rule from the channels that could be used to the steps in which to use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Step:
    """Channels used at the same time, `after_seconds` after the step before began (0 for the first)."""

    channels: tuple[str, ...]
    after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """What a strategy chooses from for one recipient: usable channels, in the order asked for or their natural one.

    `ordered` tells whether the request named the order itself. `priority` is 0 (critical) to 3 (low).
    """

    channels: tuple[str, ...]
    ordered: bool
    priority: int


class BadConfiguration(ValueError):
    """A strategy's configuration cannot be used; the message says what would do."""


class Strategy:
    """One way to orchestrate. Subclasses set the class attributes, implement `steps` and register an instance."""

    key: ClassVar[str]
    kind: ClassVar[str]  # immediate | sequential | smart | priority_based
    title: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        """The steps for one recipient. Every usable channel at most once; none may be invented."""
        raise NotImplementedError  # abstract

    def check(self, configuration: Mapping[str, Any]) -> None:
        """Raise `BadConfiguration` unless `configuration` can be used."""
        fallback = configuration.get("fallback_after_seconds", 0)
        if not isinstance(fallback, int) or not 0 <= fallback <= 86_400:
            raise BadConfiguration(f"fallback_after_seconds is {fallback!r}; give whole seconds from 0 to 86400")


strategies: Registry[Strategy] = Registry("strategy")
