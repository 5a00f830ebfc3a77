"""Time-ordered ids (UUIDv7, RFC 9562 section 5.7, read 2026-11) and ids derived from them.

Big tables are partitioned by month of the time that an id carries, so an id alone finds its partition.
"""

import os
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM_BITS = (1 << 74) - 1
_ZERO = UUID(int=0)
_HIGHEST = (1 << 128) - 1  # of no version, hence no id of ours
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(at: datetime | None = None) -> UUID:
    """A fresh id that carries `at` (aware; `None` = the wall clock) and sorts by it to a quarter of a microsecond."""
    nanoseconds = time.time_ns() if at is None else (at - _EPOCH) // timedelta(microseconds=1) * 1000
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    # RFC 9562 section 6.2, method 3: the first 12 random bits tell the fraction of the millisecond.
    fraction = (rest << 12) // 1_000_000
    return _compose(milliseconds, (fraction << 62) | (int.from_bytes(os.urandom(8), "big") >> 2))


def derived(base: UUID, *parts: object) -> UUID:
    """The id that always follows from `base` and `parts`, with the time of `base`: deriving twice gives the same id."""
    text = "\x1f".join(map(str, parts)).encode()
    digest = blake2b(text, key=base.bytes, digest_size=10).digest()
    return _compose(base.int >> 80, int.from_bytes(digest, "big") & _RANDOM_BITS)


def moment_of(id: UUID) -> datetime:
    """The moment that a time-ordered id carries, aware, in UTC."""
    return _EPOCH + timedelta(milliseconds=id.int >> 80)


def lowest(at: datetime) -> UUID:
    """The lowest id of the millisecond of `at`: every id of that moment or later compares equal or greater."""
    return UUID(int=_milliseconds(at) << 80)


def id_range(ids: Collection[UUID]) -> tuple[UUID, UUID]:
    """From which id up to before which one everything derived from `ids` lies: it carries their milliseconds.

    Callers make up ids, so these need not carry a moment that any calendar knows. Without ids the range is empty.
    """
    if not ids:
        return _ZERO, _ZERO
    low, high = min(ids).int >> 80, (max(ids).int >> 80) + 1
    return UUID(int=low << 80), UUID(int=min(high << 80, _HIGHEST))


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _compose(milliseconds: int, random: int) -> UUID:
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION | (high << 64) | _VARIANT | low)
