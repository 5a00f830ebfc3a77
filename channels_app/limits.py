"""Rate limits: of the installation, tenants, provider accounts and for people. What may not go now, waits.

A bucket of the installation is as big as its limit: 10,000 an hour may go at once and then refill evenly, 2.8 a second.
In the long run never more than the limit goes; in the hour after a quiet one it can be twice as much. That is chosen so
that a first campaign of a thousand mails does not crawl. The limits of a provider account are promises to somebody
else: their buckets are so small that no second, minute or hour ever sees more. A tenth of every bucket is kept for
critical deliveries, so that bulk work never takes the last token. Limits for people they pass, the others never.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec
from django.conf import settings
from msgspec import Struct
from prometheus_client import Counter

from channels_app.registry import channels
from channels_app.rules.gcra import Ask, Bucket, Gate, Grant
from channels_app.rules.gcra import take as take_alone
from channels_app.shared_state import Script, SharedState, shared_state
from channels_app.values import Account
from kernel.clock import monotonic
from kernel.env_kinds import Rate

GLOBAL_DEFAULT = Rate(100_000, 60)
KEPT_SHARE = 10  # one in so many tokens is kept for critical deliveries
ALONE_SHARE = 2  # without Redis every process allows itself one part in so many: two kinds of worker send by default
BURST_SHARE = 10  # of the limit of an account, one part in so many may go at once
LONGEST_QUIET_SECONDS = 3600.0  # a provider that asks to be left alone for longer is asked again sooner
GATE_SPREAD = 0.02  # seconds between those that wait for the same gate
MOST_REMEMBERED = 10_000  # accounts without room, and buckets without Redis, known to this process

LIMITED = Counter("carillon_rate_limited_total", "Deliveries that had to wait for a rate limit.", ("channel",))

_SCRIPT, _QUIET, _ROOM = Script("limits"), Script("quiet"), Script("room")
# The braces keep all buckets on one node of a Redis cluster, where one script may reach them.
_PREFIX = "{carillon:limit}:"


class Wanted(Struct, frozen=True):
    """A delivery that is about to go. `recipient_id` `None`: no limit for people counts it."""

    channel: str
    tenant_id: UUID
    mode: str
    account: Account
    recipient_id: UUID | None
    critical: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that has to wait: for how long, and for whose limit."""

    wait_seconds: float
    whose: Literal["people", "account", "installation"]


@dataclass(frozen=True, slots=True)
class Room:
    """What an account can take at this moment. `free`: how many may go at once, by the seconds of each limit."""

    quiet_seconds: float  # until its provider wants to hear of us again; 0 = now
    free: Mapping[int, int]


class Limits:
    """Buckets shared through Redis; while it is out, smaller ones of this process."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._arrivals: dict[str, float] = {}
        self._prune_at = MOST_REMEMBERED
        self._spent: dict[str, float] = {}  # by account key, until when in monotonic seconds

    def take(self, asks: Sequence[Ask]) -> list[Grant]:
        """Take tokens for all asks in one round trip; one grant per ask, in their order."""
        buckets = {bucket.key: bucket for ask in asks for bucket in ask.asked}
        if not buckets:
            return [Grant(ask.wanted) for ask in asks]
        answer = self._shared.run(_SCRIPT, keys=list(buckets), args=[_arguments(asks, buckets)])
        if answer is None:
            return self._take_alone(asks)
        keys = ["", *buckets]
        return [
            Grant(granted, wait_us / 1_000_000, keys[by])
            for granted, wait_us, by in zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        ]

    def admit(self, wanted: Sequence[Wanted]) -> list[Held | None]:
        """Which deliveries may go now (`None`), and when the others may, in one round trip for all.

        Take only what can be sent at once: a token that was taken is not given back. Those that wait for one bucket are
        spread over the time in which it refills.
        """
        groups: dict[tuple[str, str, UUID, bool, UUID | None, str], list[int]] = {}
        for place, one in enumerate(wanted):
            person = one.recipient_id, one.mode if one.recipient_id else ""
            groups.setdefault((one.account.key, one.channel, one.tenant_id, one.critical, *person), []).append(place)
        # What is critical is served first.
        order = sorted(groups.values(), key=lambda places: not wanted[places[0]].critical)
        asked = _buckets_of_each([wanted[places[0]] for places in order])
        grants = self.take(
            [
                Ask(buckets, len(places), wanted[places[0]].critical)
                for buckets, places in zip(asked, order, strict=True)
            ]
        )
        held: list[Held | None] = [None] * len(wanted)
        behind: dict[str, int] = {}
        for buckets, places, grant in zip(asked, order, grants, strict=True):
            if grant.granted == len(places):
                continue
            limit = next((bucket for bucket in buckets if bucket.key == grant.limited_by), None)
            for place in places[grant.granted :]:
                number = behind[grant.limited_by] = behind.get(grant.limited_by, -1) + 1
                apart = limit.interval_us / 1_000_000 if isinstance(limit, Bucket) else GATE_SPREAD
                whose = _whose(limit, wanted[place].account)
                held[place] = Held(grant.wait_seconds + number * apart, whose)
                LIMITED.labels(wanted[place].channel).inc()
                if whose == "account":
                    self._remember(wanted[place].account.key, grant.wait_seconds)
        return held

    def quiet(self, account_key: str, *, seconds: float) -> None:
        """Let nothing go to an account for a while: its provider asked for that (Retry-After)."""
        gate = _gate(account_key)
        microseconds = min(seconds, LONGEST_QUIET_SECONDS) * 1_000_000
        self._remember(account_key, microseconds / 1_000_000)
        if self._shared.run(_QUIET, keys=[gate.key], args=[int(microseconds)]) is None:
            until = time.monotonic_ns() / 1000 + microseconds
            with self._lock:
                self._arrivals[gate.key] = max(self._arrivals.get(gate.key, 0.0), until)

    def room_of(self, account: Account) -> Room:
        """How much may go to an account now, as far as it can be known."""
        buckets = _buckets_of_account(account)
        found = self._shared.run(_ROOM, keys=[bucket.key for bucket in buckets], args=[])
        if found is None:
            now_us = time.monotonic_ns() / 1000
            with self._lock:
                found = [max(self._arrivals.get(bucket.key, now_us) - now_us, 0.0) for bucket in buckets]
        now_us, quiet_us = 0.0, float(found[0])
        arrivals = {bucket.key: float(ahead) for bucket, ahead in zip(buckets, found, strict=True)}
        free = {
            int(bucket.seconds): take_alone(dict(arrivals), [Ask((bucket,), bucket.burst, True)], now_us=now_us)[
                0
            ].granted
            for bucket in buckets
            if isinstance(bucket, Bucket)
        }
        return Room(quiet_us / 1_000_000, free)

    def is_spent(self, account_key: str) -> bool:
        """Whether this process knows of no room at an account for now. Costs no round trip."""
        return self._spent.get(account_key, 0.0) > monotonic()

    def _remember(self, account_key: str, seconds: float) -> None:
        if len(self._spent) > MOST_REMEMBERED:
            self._spent.clear()
        self._spent[account_key] = monotonic() + seconds

    def _take_alone(self, asks: Sequence[Ask]) -> list[Grant]:
        smaller = [ask._replace(buckets=tuple(map(_smaller, ask.buckets))) for ask in asks]
        now_us = time.monotonic_ns() / 1000
        with self._lock:
            if len(self._arrivals) > self._prune_at:  # a bucket that is full again need not be remembered
                self._arrivals = {key: until for key, until in self._arrivals.items() if until > now_us}
                self._prune_at = 2 * len(self._arrivals) + MOST_REMEMBERED
            return take_alone(self._arrivals, smaller, now_us=now_us)


def buckets_for(wanted: Wanted) -> tuple[Bucket | Gate, ...]:
    """Every limit that has a say about a delivery."""
    return _buckets_of_each([wanted])[0]


def _buckets_of_each(wanted: Sequence[Wanted]) -> list[tuple[Bucket | Gate, ...]]:
    """Every limit that has a say about each; what deliveries of a batch have in common is made once."""
    limits = ((settings.RATE_LIMIT_RECIPIENT_HOUR, 3600), (settings.RATE_LIMIT_RECIPIENT_DAY, 86_400))
    of_person = [
        (str(seconds), Bucket("", count, seconds, burst=count, people=True)) for count, seconds in limits if count
    ]
    roads: dict[tuple[str, str, UUID], tuple[Bucket | Gate, ...]] = {}
    found = []
    for one in wanted:
        place = one.account.key, one.channel, one.tenant_id
        road = roads.get(place)
        if road is None:
            tenant = _of(f"tenant:{one.tenant_id}", settings.RATE_LIMIT_TENANT)
            road = roads[place] = (*_buckets_of_account(one.account), *buckets_of(one.channel), *tenant)
        if one.recipient_id is not None:
            person = f"{_PREFIX}person:{one.mode}:{one.recipient_id}:"
            road = (*road, *[bucket._replace(key=person + seconds) for seconds, bucket in of_person])
        found.append(road)
    return found


def buckets_of(channel: str) -> tuple[Bucket, ...]:
    """The limits that hold for every delivery of a channel. They protect providers and purses: nothing passes them."""
    own = settings.RATE_LIMIT_CHANNEL.get(channel) or channels.get(channel).limit
    return (*_of("global", settings.RATE_LIMIT_GLOBAL or GLOBAL_DEFAULT), *_of(f"channel:{channel}", own))


def _whose(limit: Bucket | Gate | None, account: Account) -> Literal["people", "account", "installation"]:
    if limit in _buckets_of_account(account):
        return "account"
    return "people" if limit is not None and limit.people else "installation"


def _buckets_of_account(account: Account) -> tuple[Bucket | Gate, ...]:
    terms = account.terms
    limits = ((terms.per_second, 1), (terms.per_minute, 60), (terms.per_hour, 3600))
    return _gate(account.key), *(_strict(account.key, count, seconds) for count, seconds in limits if count)


def _of(key: str, rate: Rate | None) -> tuple[Bucket, ...]:
    if rate is None:
        return ()
    return (Bucket(_PREFIX + key, rate.count, rate.seconds, rate.count, kept_for_critical=rate.count // KEPT_SHARE),)


def _strict(account_key: str, count: int, seconds: int) -> Bucket:
    """At most `count` in any window of so many seconds: a burst, and the rest of it evenly."""
    burst = max(count // BURST_SHARE, 1)
    key = f"{_PREFIX}account:{account_key}:{seconds}"
    return Bucket(key, count - burst + 1, seconds, burst, kept_for_critical=burst // KEPT_SHARE)


def _gate(account_key: str) -> Gate:
    return Gate(f"{_PREFIX}quiet:{account_key}", LONGEST_QUIET_SECONDS)


def _smaller(bucket: Bucket | Gate) -> Bucket | Gate:
    if isinstance(bucket, Gate):
        return bucket
    return bucket._replace(
        seconds=bucket.seconds * ALONE_SHARE,
        burst=max(bucket.burst // ALONE_SHARE, 1),
        kept_for_critical=bucket.kept_for_critical // ALONE_SHARE,
    )


def _arguments(asks: Sequence[Ask], buckets: Mapping[str, Bucket | Gate]) -> bytes:
    """What channels_app/lua/limits.lua is told beside the keys."""
    kinds: dict[tuple[float, float, int], int] = {}
    of = [kinds.setdefault(_kind(bucket), len(kinds) + 1) for bucket in buckets.values()]
    position = {key: place for place, key in enumerate(buckets, start=1)}
    told: list[int] = []
    for ask in asks:
        places = [position[bucket.key] for bucket in ask.asked]
        told += [int(ask.critical), ask.wanted, len(places), *places]
    return msgspec.msgpack.encode((list(kinds), of, told))


def _kind(bucket: Bucket | Gate) -> tuple[float, float, int]:
    if isinstance(bucket, Gate):
        return 0, bucket.longest_us, 0
    return bucket.interval_us, bucket.burst, bucket.kept_for_critical


limits = Limits(shared_state)
