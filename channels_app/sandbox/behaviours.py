"""The rules by which the sandbox misbehaves on request. Pure: no I/O, and chance is an argument."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from channels_app.sandbox.globs import covers

REFUSALS = ("error", "throttle")  # the send is not accepted
ANSWERS = ("delay", "drop_answer", "drip")  # accepted, but the answer comes late, never, or in crumbs
RECEIPTS = {  # accepted; the provider has more to say later
    "deliver": "delivered",
    "bounce": "bounced",
    "complain": "complained",
    "open": "opened",
    "click": "clicked",
}
KNOWN = (*ANSWERS, *REFUSALS, *RECEIPTS)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One rule: for whom, and what then. None leaves a side open or asks for the protocol's default."""

    do: str  # one of KNOWN
    to: str = "*"  # address or glob
    channel: str | None = None
    provider: str | None = None
    status: int | None = None  # error, bounce: the code to give; SMTP or HTTP numbers
    seconds: float | None = None  # delay: wait; drip: per byte; receipts: after acceptance
    retry_after: float | None = None  # throttle: seconds
    probability: float | None = None  # 0 to 1; None = always
    times: int | None = None  # how often it may still act; None = for ever
    seed: int | None = None  # with probability: the same sequence of draws on every run

    def matches(self, *, channel: str, provider: str, to: str) -> bool:
        """Whether this rule is about such a message. Says nothing about its remaining times or its luck."""
        return self.channel in (None, channel) and self.provider in (None, provider) and covers(self.to, to)


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule in force, with the number of draws it has made so far. Its remaining times are `rule.times`."""

    rule: Behaviour
    draws: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """The rule that acts (None: accept plainly) and every standing that changed by asking, by position."""

    rule: Behaviour | None
    changed: Mapping[int, Standing] = field(default_factory=dict)


def choose(
    standings: Sequence[Standing], *, channel: str, provider: str, to: str, chance: Callable[[], float]
) -> Choice:
    """Find the first rule that matches, has times left and wins its draw.

    A rule that loses its draw lets the next one have its say. `chance` serves the rules without a seed.
    """
    changed: dict[int, Standing] = {}
    for position, standing in enumerate(standings):
        rule = standing.rule
        if rule.times == 0 or not rule.matches(channel=channel, provider=provider, to=to):
            continue
        if rule.probability is not None:
            changed[position] = replace(standing, draws=standing.draws + 1)
            if _draw(standing, chance=chance) >= rule.probability:
                continue
        if rule.times is not None:
            used = replace(rule, times=rule.times - 1)
            changed[position] = replace(changed.get(position, standing), rule=used)
        return Choice(rule, changed)
    return Choice(None, changed)


def _draw(standing: Standing, *, chance: Callable[[], float]) -> float:
    if standing.rule.seed is None:
        return chance()
    # A text seeds through SHA-512, so the n-th draw of a seed is the same on every machine and after a restart.
    return Random(f"{standing.rule.seed}/{standing.draws}").random()  # noqa: S311 - chance, not secrecy
