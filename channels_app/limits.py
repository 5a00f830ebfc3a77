"""Rate limits of the whole installation: how many deliveries of each channel may go now. What may not, waits.

A bucket is as big as its limit: 10,000 an hour may go at once and then refill evenly, 2.8 a second. In the long run
never more than the limit goes; in the hour after a quiet one it can be twice as much. That is chosen so that a first
campaign of a thousand mails does not crawl; a provider with a hard limit per second gets a limit per second
(`RATE_LIMIT_CHANNEL_SMS=10/second`). A tenth of every bucket is kept for critical deliveries, so that bulk work never
takes the last token.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from prometheus_client import Counter

from channels_app.registry import channels
from channels_app.rules.gcra import Ask, Bucket, Grant
from channels_app.rules.gcra import take as take_alone
from channels_app.shared_state import Script, SharedState, shared_state
from kernel.env_kinds import Rate

GLOBAL_DEFAULT = Rate(100_000, 60)
KEPT_SHARE = 10  # one in so many tokens is kept for critical deliveries
ALONE_SHARE = 2  # without Redis every process allows itself one part in so many: two kinds of worker send by default

LIMITED = Counter("carillon_rate_limited_total", "Deliveries that had to wait for a rate limit.", ("channel",))

_SCRIPT = Script("limits")


class Limits:
    """Buckets shared through Redis; while it is out, smaller ones of this process."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._arrivals: dict[str, float] = {}

    def take(self, asks: Sequence[Ask]) -> list[Grant]:
        """Take tokens for all asks in one round trip; one grant per ask, in their order."""
        buckets = {bucket.key: bucket for ask in asks for bucket in ask.asked}
        if not buckets:
            return [Grant(ask.wanted) for ask in asks]
        answer = self._shared.run(_SCRIPT, keys=list(buckets), args=_arguments(asks, buckets))
        if answer is None:
            return self._take_alone(asks)
        return [Grant(granted, wait_us / 1_000_000) for granted, wait_us in zip(answer[::2], answer[1::2], strict=True)]

    def grants(self, wanted: Mapping[str, int], *, critical: bool) -> dict[str, Grant]:
        """How many deliveries of each channel may go now, by the global limit and the channels' own.

        Take only what can be sent at once: a token that was taken is not given back.
        """
        asks = [Ask(buckets_of(channel), count, critical=critical) for channel, count in wanted.items()]
        found = dict(zip(wanted, self.take(asks), strict=True))
        for channel, grant in found.items():
            LIMITED.labels(channel).inc(wanted[channel] - grant.granted)
        return found

    def _take_alone(self, asks: Sequence[Ask]) -> list[Grant]:
        smaller = [replace(ask, buckets=tuple(map(_smaller, ask.buckets))) for ask in asks]
        with self._lock:
            return take_alone(self._arrivals, smaller, now_us=time.monotonic_ns() / 1000)


def buckets_of(channel: str) -> tuple[Bucket, ...]:
    """The limits that hold for every delivery of a channel. They protect providers and purses: nothing passes them."""
    rates = {
        "global": settings.RATE_LIMIT_GLOBAL or GLOBAL_DEFAULT,
        f"channel:{channel}": settings.RATE_LIMIT_CHANNEL.get(channel) or channels.get(channel).limit,
    }
    return tuple(_bucket(key, rate) for key, rate in rates.items() if rate is not None)


def _bucket(key: str, rate: Rate) -> Bucket:
    # The braces keep all buckets on one node of a Redis cluster, where one script may reach them.
    return Bucket(
        key=f"{{carillon:limit}}:{key}",
        count=rate.count,
        seconds=rate.seconds,
        burst=rate.count,
        kept_for_critical=rate.count // KEPT_SHARE,
    )


def _smaller(bucket: Bucket) -> Bucket:
    return replace(
        bucket,
        seconds=bucket.seconds * ALONE_SHARE,
        burst=max(bucket.burst // ALONE_SHARE, 1),
        kept_for_critical=bucket.kept_for_critical // ALONE_SHARE,
    )


def _arguments(asks: Sequence[Ask], buckets: Mapping[str, Bucket]) -> list[str | int | float]:
    position = {key: place for place, key in enumerate(buckets, start=1)}
    arguments: list[str | int | float] = []
    for bucket in buckets.values():
        arguments += [bucket.interval_us, bucket.burst, bucket.kept_for_critical]
    for ask in asks:
        arguments += [int(ask.critical), ask.wanted, len(ask.asked), *(position[bucket.key] for bucket in ask.asked)]
    return arguments


limits = Limits(shared_state)
