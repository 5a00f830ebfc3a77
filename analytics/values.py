"""What was counted."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Outcome:
    """How often it was come to. `latency_ms` is summed over `timed` of the counted."""

    count: int = 0
    attempts: int = 0  # provider calls that ended so
    timed: int = 0
    latency_ms: int = 0

    def add(self, other: "Outcome") -> None:
        self.count += other.count
        self.attempts += other.attempts
        self.timed += other.timed
        self.latency_ms += other.latency_ms


@dataclass(slots=True)
class Cost:
    """What so many messages were charged, in millionths of one currency."""

    messages: int = 0
    micros: int = 0


@dataclass(slots=True)
class Figures:
    """Everything that was counted of some deliveries."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)  # by currency; nothing of what was free or not known
    took: dict[int, int] = field(default_factory=dict)  # what was sent, by bucket of `rules.latency`

    def number(self, outcome: str) -> int:
        found = self.outcomes.get(outcome)
        return found.count if found else 0

    def count(self, outcome: str, found: Outcome, *, currency: str, cost_micros: int) -> None:
        """Add what one row of counts tells."""
        self.outcomes.setdefault(outcome, Outcome()).add(found)
        if currency:
            cost = self.costs.setdefault(currency, Cost())
            cost.messages += found.count
            cost.micros += cost_micros

    def add(self, other: "Figures") -> None:
        for name, found in other.outcomes.items():
            self.outcomes.setdefault(name, Outcome()).add(found)
        for currency, theirs in other.costs.items():
            cost = self.costs.setdefault(currency, Cost())
            cost.messages += theirs.messages
            cost.micros += theirs.micros
        for bucket, number in other.took.items():
            self.took[bucket] = self.took.get(bucket, 0) + number


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one group: what it has in common, in the order of what it was grouped by."""

    key: tuple[str, ...]
    figures: Figures
