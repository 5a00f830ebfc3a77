"""Tell open inboxes what happened, through Redis, and know which are open.

Best effort and bounded: the inbox itself is in PostgreSQL. A message that gets lost here is found by the realtime
processes, which look into the database from time to time.
"""

import logging
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import redis
from django.conf import settings

from audience.metrics import INBOX_PUBLISHED
from kernel.clock import monotonic

CHANNEL_PREFIX = "carillon:inbox:"
TIMEOUT_SECONDS = 0.15  # to connect, and again to be answered: 0.3 s in all
QUIET_SECONDS = 1.0  # after a failure Redis is left alone this long

log = logging.getLogger(__name__)


def channel_of(recipient_id: UUID) -> str:
    """The Redis channel of one person's inbox."""
    return f"{CHANNEL_PREFIX}{recipient_id}"


def publish(messages: Sequence[tuple[UUID, bytes]]) -> int:
    """Publish one message per pair of recipient and message, in one round trip; returns how many went out.

    Call it after commit. Never raises; takes 0.3 s at the very most.
    """
    if not messages:
        return 0
    if monotonic() < _line.quiet_until:
        INBOX_PUBLISHED.labels("skipped").inc(len(messages))
        return 0
    try:
        pipeline = _line.redis().pipeline(transaction=False)
        for recipient_id, message in messages:
            pipeline.publish(channel_of(recipient_id), message)
        pipeline.execute()
    except (redis.RedisError, OSError) as trouble:
        _line.quiet_until = monotonic() + QUIET_SECONDS
        INBOX_PUBLISHED.labels("failed").inc(len(messages))
        log.warning("inbox.not_published", extra={"messages": len(messages), "trouble": type(trouble).__name__})
        return 0
    INBOX_PUBLISHED.labels("published").inc(len(messages))
    return len(messages)


def listeners(recipient_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of them whose inbox is open somewhere now, in one round trip; nobody while Redis does not answer.

    An inbox whose connection broke without a word counts as open until its heartbeats fail.
    """
    if not recipient_ids or monotonic() < _line.quiet_until:
        return frozenset()
    ids = list(recipient_ids)
    try:
        found: Any = _line.redis().pubsub_numsub(*map(channel_of, ids))
    except (redis.RedisError, OSError) as trouble:
        _line.quiet_until = monotonic() + QUIET_SECONDS
        log.warning("inbox.listeners_unknown", extra={"people": len(ids), "trouble": type(trouble).__name__})
        return frozenset()
    return frozenset(id for id, (_, open_inboxes) in zip(ids, found, strict=True) if open_inboxes)


class _Line:
    """This process's connections to Redis and whether it is given a rest."""

    def __init__(self) -> None:
        self.quiet_until = 0.0
        self._redis: redis.Redis | None = None

    def redis(self) -> redis.Redis:
        if self._redis is None:
            self._redis = redis.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=None,
            )
        return self._redis


_line = _Line()
