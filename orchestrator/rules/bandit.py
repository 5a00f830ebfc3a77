"""Choose among channels and hours by Thompson sampling: pure, and the same for the same seed on every machine.

An *arm* is a channel at an hour. What is believed of an arm is a Beta distribution of the chance that somebody engages
with what is sent there. Little evidence leans on more evidence of a wider kind, each level on the next:

    this person on the channel → people who behave alike → everybody of the tenant → the platform's guess

and the hours of people who behave alike raise or lower the odds of the channel. An arm is drawn with the share of a
number of rounds in which its sampled utility (value of an engagement × sampled chance - cost) was the best; a little
is kept for all arms, so none is ever forgotten. Those shares are the arms' *propensities*: they are exact, because the
arm is drawn from them, and they are what lets somebody judge another policy by what this one did.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

import msgspec

Draw = Callable[[], float]
Count = tuple[float, float]  # tries and successes; fractions, because the past fades
NOTHING: Count = (0.0, 0.0)

# What is believed before anything is known: the share of messages that are opened, clicked or read. Rounded from
# benchmark reports (docs/smart.md tells which); all a guess has to do is to be forgotten soon.
GUESS: Mapping[str, float] = {
    "email": 0.10, "push": 0.06, "sms": 0.10, "in_app": 0.08, "web_push": 0.04, "chat": 0.10, "webhook": 0.01,
}  # fmt: skip
OTHERWISE = 0.05
# How many tries the wider level is worth to the narrower one.
GUESS_WORTH = 20.0
TENANT_WORTH = 30.0
ALIKE_WORTH = 10.0
HOUR_WORTH = 60.0

ROUNDS = 24
BLOCK_HOURS = 3
DIGITS = 9  # log and pow may differ in the last bit from one machine to another; nobody is chosen by that bit


class ChannelEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one channel for one recipient. `hours` by `bucket_of`, of those who behave alike."""

    tenant: Count = NOTHING
    alike: Count = NOTHING
    own: Count = NOTHING
    hours: Mapping[str, Count] = {}
    cost_micros: int | None = None  # what a message was charged on average, millionths; None = not known
    segment: str = ""  # who behaves alike, for those who read a decision


@dataclass(frozen=True, slots=True)
class Beta:
    """What is believed of a chance: `successes` and `failures` seen or supposed, both above 0."""

    successes: float
    failures: float

    @property
    def mean(self) -> float:
        return self.successes / (self.successes + self.failures)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to begin: `channel`, and `delay_seconds` from now. Its utility = `value` × chance - `cost`."""

    channel: str
    delay_seconds: int
    belief: Beta
    value: float
    cost: float

    @property
    def expected(self) -> float:
        return self.value * self.belief.mean - self.cost


def bucket_of(local: datetime) -> str:
    """The part of the week that a moment lies in, by the recipient's own clock: "weekday-09" is 9 to 12 o'clock."""
    return bucket(local.weekday() * 24 + local.hour)


def bucket(hour_of_week: int) -> str:
    """The same for an hour of the week; 0 begins on Monday at midnight."""
    day, hour = divmod(hour_of_week, 24)
    return f"{'weekend' if day >= 5 else 'weekday'}-{hour // BLOCK_HOURS * BLOCK_HOURS:02}"


def believed(channel: str, evidence: ChannelEvidence, bucket: str) -> Beta:
    """The belief about one channel in one part of the week.

    Of a channel on which nobody of the tenant ever engaged although very much was sent we most likely do not hear of
    engagement at all; counting that as failure would be wrong, so the guess stays.
    """
    guess = GUESS.get(channel, OTHERWISE)
    if evidence.tenant[0] > 0 and evidence.tenant[1] <= 0:
        return _beta(guess, ALIKE_WORTH)
    tenant = _leaning(evidence.tenant, on=guess, worth=GUESS_WORTH)
    alike = _leaning(evidence.alike, on=tenant, worth=TENANT_WORTH)
    then = _leaning(evidence.hours.get(bucket, NOTHING), on=alike, worth=HOUR_WORTH)
    own = _leaning(evidence.own, on=alike, worth=ALIKE_WORTH)
    return _beta(_chance(_odds(own) * _odds(then) / _odds(alike)), ALIKE_WORTH + evidence.own[0])


def propensities(arms: Sequence[Arm], *, seed: int, exploration: float, rounds: int = ROUNDS) -> tuple[float, ...]:
    """How likely each arm is to be drawn: its share of the rounds, and `exploration` spread over all of them."""
    lots = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    normal = _normals(lots).__next__
    contest = [(_sampler(arm.belief, lots, normal), arm.value, arm.cost) for arm in arms]
    wins = [0] * len(arms)
    for _ in range(rounds):
        sampled = [round(value * draw() - cost, DIGITS) for draw, value, cost in contest]
        wins[max(range(len(arms)), key=sampled.__getitem__)] += 1
    return tuple((1 - exploration) * won / rounds + exploration / len(arms) for won in wins)


def drawn(shares: Sequence[float], *, seed: int) -> int:
    """The place of the arm that the lot falls on."""
    lot = Random(seed ^ _OTHER_STREAM).random()  # noqa: S311
    for place, share in enumerate(shares):
        lot -= share
        if lot < 0:
            return place
    return len(shares) - 1


_OTHER_STREAM = 0x9E3779B97F4A7C15


def _leaning(seen: Count, *, on: float, worth: float) -> float:
    tries, successes = seen
    return (successes + worth * on) / (tries + worth)


def _beta(mean: float, worth: float) -> Beta:
    return Beta(mean * worth, (1 - mean) * worth)


def _odds(chance: float) -> float:
    return chance / (1 - chance)


def _chance(odds: float) -> float:
    return odds / (1 + odds)


def _sampler(belief: Beta, lots: Random, normal: Draw) -> Draw:
    """Draws from a belief. Built on `random()` alone, the only part of `Random` whose sequence Python promises to keep
    (docs.python.org/3/library/random.html, "Notes on Reproducibility", 2026-11)."""
    successes, failures = _gamma(belief.successes, lots, normal), _gamma(belief.failures, lots, normal)

    def draw() -> float:
        won = successes()
        total = won + failures()
        return won / total if total > 0 else belief.mean

    return draw


def _gamma(shape: float, lots: Random, normal: Draw) -> Draw:
    """Draws from Gamma(shape, 1): Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000)."""
    power = 1 / shape if shape < 1 else 0.0
    d = (shape + 1 if power else shape) - 1 / 3
    c = 1 / math.sqrt(9 * d)
    uniform = lots.random

    def draw() -> float:
        while True:
            x = normal()
            root = 1 + c * x
            if root <= 0:
                continue
            v, u, square = root * root * root, 1 - uniform(), x * x
            # The first test alone accepts nearly always and spares both logarithms.
            if u < 1 - 0.0331 * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
                return d * v * math.pow(1 - uniform(), power) if power else d * v

    return draw


def _normals(lots: Random) -> Iterator[float]:
    """Draws from the normal distribution, by Marsaglia's polar method."""
    uniform = lots.random
    while True:
        x, y = 2 * uniform() - 1, 2 * uniform() - 1
        s = x * x + y * y
        if 0 < s < 1:
            factor = math.sqrt(-2 * math.log(s) / s)
            yield x * factor
            yield y * factor
