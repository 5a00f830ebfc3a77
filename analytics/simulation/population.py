"""The people of a simulation and what happens to them: drawn from the parameters of a file and a seed, nothing else."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta

from kernel import structs

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
HERE = Path(__file__).parent / "populations"

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]


class Differences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How unlike people and messages are: standard deviations of log-odds."""

    person: NotNegative
    channel: NotNegative
    interest: NotNegative


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When people are ready: local hours, and how much it matters in log-odds."""

    peak_mean: float
    peak_spread: NotNegative
    swing: NotNegative


class Fatigue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each message of the last `days` costs in log-odds."""

    per_message: NotNegative
    days: Positive


class ChannelLife(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel is like for the middle person. `perishable`: how much of the swing of the day it feels."""

    rate: Annotated[float, Meta(gt=0, lt=1)]
    reach: Share
    delivered: Share
    perishable: NotNegative
    median_minutes: Positive
    cost_micros: Annotated[int, Meta(ge=0)]


class Population(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All parameters of a simulated world."""

    notifications_per_day: Positive
    low_share: Share
    busiest_hour: float
    busiest_spread: NotNegative
    deadline_hours: Positive
    differences: Differences
    day: Day
    fatigue: Fatigue
    channels: dict[str, ChannelLife]


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """Somebody invented. `leanings`: log-odds by channel they can be reached on."""

    number: int
    leanings: Mapping[str, float]
    peak_hour: float


@dataclass(frozen=True, slots=True)
class Luck:
    """What will happen on one channel if it is used: the same whichever strategy uses it."""

    delivered: float
    engaged: float
    after: timedelta


@dataclass(frozen=True, slots=True)
class Occasion:
    """The product has something to say to somebody."""

    at: datetime
    person: SimulatedPerson
    low: bool
    interest: float
    luck: Mapping[str, Luck]
    seed: int


def population(path: Path) -> Population:
    """Read a parameter file. Raises `OSError`, `tomllib.TOMLDecodeError` or `msgspec.ValidationError`."""
    return structs.convert(tomllib.loads(path.read_text()), Population)


def known_populations() -> dict[str, Path]:
    return {path.stem: path for path in sorted(HERE.glob("*.toml"))}


def occasions(world: Population, *, people: int, days: int, seed: int) -> list[Occasion]:
    """Everything there is to say to `people` in `days`, in the order of time."""
    lots = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    crowd = [_person(world, number, lots) for number in range(people)]
    found = [
        _occasion(world, person, day, lots)
        for person in crowd
        for day in range(days)
        for _ in range(_poisson(world.notifications_per_day, lots))
    ]
    return sorted(found, key=lambda occasion: (occasion.at, occasion.person.number, occasion.seed))


def _person(world: Population, number: int, lots: Random) -> SimulatedPerson:
    readiness = lots.gauss(0, world.differences.person)
    leanings = {}
    for name, life in world.channels.items():
        own = math.log(life.rate / (1 - life.rate)) + readiness + lots.gauss(0, world.differences.channel)
        if lots.random() < life.reach:
            leanings[name] = own
    return SimulatedPerson(number, leanings, lots.gauss(world.day.peak_mean, world.day.peak_spread) % 24)


def _occasion(world: Population, person: SimulatedPerson, day: int, lots: Random) -> Occasion:
    hour = lots.gauss(world.busiest_hour, world.busiest_spread) % 24
    luck = {
        name: Luck(lots.random(), lots.random(), timedelta(minutes=life.median_minutes * math.exp(lots.gauss(0, 1))))
        for name, life in world.channels.items()
    }
    at = BEGIN + day * DAY + timedelta(hours=hour)
    low = lots.random() < world.low_share
    return Occasion(at, person, low, lots.gauss(0, world.differences.interest), luck, lots.getrandbits(63))


def _poisson(mean: float, lots: Random) -> int:
    """Knuth's way; `mean` is small."""
    limit, count, product = math.exp(-mean), 0, lots.random()
    while product > limit:
        count += 1
        product *= lots.random()
    return count
