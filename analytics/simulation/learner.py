"""What a tenant would know of the people of a simulation: the rules of `analytics.rules.engagement`, kept in memory."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.rules.engagement import (
    EVERYBODY,
    Profile,
    faded,
    hour_of_week,
    later,
    segment_of,
    succeeded,
    tried,
)
from orchestrator.rules.bandit import NOTHING, ChannelEvidence, Count, bucket


@dataclass(slots=True)
class _Tally:
    as_of: datetime
    tries: float = 0.0
    successes: float = 0.0

    def add(self, tries: int, successes: int, at: datetime, half_life: timedelta) -> None:
        left = faded(self.as_of, at, half_life)
        self.tries, self.successes = self.tries * left + tries, self.successes * left + successes
        self.as_of = max(self.as_of, at)

    def count(self, at: datetime, half_life: timedelta) -> Count:
        left = faded(self.as_of, at, half_life)
        return self.tries * left, self.successes * left


class Learner:
    """Hears of tries and successes when they happen, and gives evidence as it stands then."""

    def __init__(self, half_life: timedelta) -> None:
        self._half_life = half_life
        self._profiles: dict[int, Profile] = {}
        self._tallies: dict[tuple[str, str, str], _Tally] = {}  # segment, channel, bucket; "" = all of them
        self._to_come: list[tuple[datetime, int, int, str, str, int]] = []

    def sent(self, person: int, channel: str, at: datetime, engaged_at: datetime | None) -> None:
        """A message goes out; `engaged_at` is when its success will be heard of, not before."""
        hour = hour_of_week(at)
        segment = segment_of(self._profiles.get(person))
        profile = later(self._profiles.get(person) or Profile(at), at, self._half_life)
        self._profiles[person] = tried(profile, channel)
        self._count(segment, channel, hour, at, 1, 0)
        if engaged_at:
            heapq.heappush(self._to_come, (engaged_at, len(self._to_come), person, segment, channel, hour))

    def evidence(self, person: int, channels: Iterable[str], at: datetime) -> dict[str, ChannelEvidence]:
        self._hear(until=at)
        profile = self._profiles.get(person)
        own = later(profile, at, self._half_life).channels if profile else {}
        segment = segment_of(profile)
        return {
            channel: ChannelEvidence(
                tenant=self._known(EVERYBODY, channel, "", at),
                alike=self._known(segment, channel, "", at),
                own=own.get(channel, NOTHING),
                hours={part: self._known(segment, channel, part, at) for part in BUCKETS},
                segment=segment,
            )
            for channel in channels
        }

    def _hear(self, *, until: datetime) -> None:
        while self._to_come and self._to_come[0][0] <= until:
            at, _, person, segment, channel, hour = heapq.heappop(self._to_come)
            profile = later(self._profiles[person], at, self._half_life)
            self._profiles[person] = succeeded(profile, channel, hour)
            self._count(segment, channel, hour, at, 0, 1)

    def _count(self, segment: str, channel: str, hour: int, at: datetime, tries: int, successes: int) -> None:
        for who, part in ((EVERYBODY, ""), (segment, ""), (segment, bucket(hour))):
            tally = self._tallies.setdefault((who, channel, part), _Tally(at))
            tally.add(tries, successes, at, self._half_life)

    def _known(self, segment: str, channel: str, part: str, at: datetime) -> Count:
        tally = self._tallies.get((segment, channel, part))
        return tally.count(at, self._half_life) if tally else NOTHING


BUCKETS = tuple(dict.fromkeys(bucket(hour) for hour in range(168)))
