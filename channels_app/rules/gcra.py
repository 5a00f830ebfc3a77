"""Rate limits as buckets that refill evenly (GCRA): who may go now, and when the next one may.

A bucket is kept as one number, its theoretical arrival time; how far that lies ahead of now says how full it is. A gate
is a bucket without tokens: closed until the time that is kept, then open. The same rule in Lua, shared by all
processes: channels_app/lua/limits.lua. Several of these values are made for every message, so they are plain tuples.
"""

import math
from collections.abc import MutableMapping, Sequence
from typing import NamedTuple

_ROUNDING = 0.000001  # of a token: what floating point may lose


class Bucket(NamedTuple):
    """At most `tokens` in `seconds`, and never more than `burst` at once."""

    key: str
    tokens: int
    seconds: float
    burst: int
    kept_for_critical: int = 0  # tokens that only critical asks may take
    people: bool = False  # protects people from us, not a provider or a purse: critical asks pass it

    @property
    def interval_us(self) -> float:
        """Microseconds between two tokens."""
        return self.seconds * 1_000_000 / self.tokens


class Gate(NamedTuple):
    """Nothing passes until a moment that somebody said, at most `longest` seconds from now."""

    key: str
    longest: float
    people: bool = False

    @property
    def longest_us(self) -> float:
        return self.longest * 1_000_000


class Ask(NamedTuple):
    """Tokens wanted from several buckets at once: one is granted when every bucket has one."""

    buckets: tuple[Bucket | Gate, ...]
    wanted: int
    critical: bool = False

    @property
    def asked(self) -> tuple[Bucket | Gate, ...]:
        """The buckets that have a say. What is critical passes limits for people, and does not count there."""
        if not self.critical:
            return self.buckets
        return tuple(bucket for bucket in self.buckets if not bucket.people)


class Grant(NamedTuple):
    """How many may go now, after how many seconds the next one may (0 when all may), and what it has to wait for."""

    granted: int
    wait_seconds: float = 0.0
    limited_by: str = ""  # the key of the bucket or gate that is open last


def take(arrivals: MutableMapping[str, float], asks: Sequence[Ask], *, now_us: float) -> list[Grant]:
    """Serve asks in their order. `arrivals` is what is remembered, by bucket key, and is changed."""
    return [_serve(arrivals, ask, now_us=now_us) for ask in asks]


def _serve(arrivals: MutableMapping[str, float], ask: Ask, *, now_us: float) -> Grant:
    ahead = {bucket: _ahead(arrivals, bucket, now_us=now_us) for bucket in ask.asked}
    kept = {bucket: _kept(bucket, critical=ask.critical) for bucket in ahead}
    free = (_free(bucket, ahead[bucket]) - kept[bucket] for bucket in ahead)
    granted = int(max(min((ask.wanted, *free)), 0))
    if granted:
        for bucket in ahead:
            if isinstance(bucket, Bucket):
                ahead[bucket] += granted * bucket.interval_us
                arrivals[bucket.key] = now_us + ahead[bucket]
    if granted == ask.wanted:
        return Grant(granted)
    wait, by = 0.0, ""
    for bucket in ahead:
        found = _wait(bucket, ahead[bucket], kept=kept[bucket])
        if found > wait:
            wait, by = found, bucket.key
    return Grant(granted, wait / 1_000_000, by)


def _ahead(arrivals: MutableMapping[str, float], bucket: Bucket | Gate, *, now_us: float) -> float:
    """Between empty handed (the burst's length) and untouched (0), also when a clock was set back meanwhile."""
    most = bucket.longest_us if isinstance(bucket, Gate) else bucket.interval_us * bucket.burst
    return min(max(arrivals.get(bucket.key, now_us) - now_us, 0.0), most)


def _kept(bucket: Bucket | Gate, *, critical: bool) -> int:
    return 0 if critical or isinstance(bucket, Gate) else bucket.kept_for_critical


def _free(bucket: Bucket | Gate, ahead: float) -> float:
    if isinstance(bucket, Gate):
        return 0 if ahead else math.inf
    return math.floor((bucket.interval_us * bucket.burst - ahead) / bucket.interval_us + _ROUNDING)


def _wait(bucket: Bucket | Gate, ahead: float, *, kept: int) -> float:
    """Microseconds until it lets the next one through."""
    if isinstance(bucket, Gate):
        return ahead
    return ahead + (1 + kept) * bucket.interval_us - bucket.interval_us * bucket.burst
