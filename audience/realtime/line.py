"""This process's line to Redis: one connection, as many channels as there are open inboxes."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any, NoReturn

import redis
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from audience.publish import CHANNEL_PREFIX
from audience.realtime.crew import chunks
from kernel.clock import monotonic

KEEPALIVE_CHANNEL = f"{CHANNEL_PREFIX}keepalive"  # there is always something to listen to
CONNECT_SECONDS = 1.0
PING_SECONDS = 5.0
SILENCE_SECONDS = 12.0  # without an answer to a ping: the connection is dead
RECONNECT_SECONDS = 1.0
TURN = 50  # messages
CONFIRM_SECONDS = 1.0

log = logging.getLogger(__name__)


class Line:
    """Calls `hear(channel, message)` for what is published, and `turn()` whenever Redis has come or gone.

    `wanted()` are the channels to be told of after Redis has come back.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        wanted: Callable[[], Collection[str]],
        hear: Callable[[str, bytes], None],
        turn: Callable[[], None],
    ) -> None:
        self._redis_url, self._wanted, self._hear, self._turn = redis_url, wanted, hear, turn
        self._pubsub: PubSub | None = None  # set while Redis is well
        self._confirmed: dict[str, asyncio.Event] = {}

    @property
    def well(self) -> bool:
        return self._pubsub is not None

    async def listen(self) -> None:
        """Be told until cancelled, whether Redis is there or not."""
        while True:
            try:
                await self._listen_until_silence()
            except (redis.RedisError, OSError) as trouble:
                if self.well:
                    log.warning("realtime.redis_out", extra={"trouble": type(trouble).__name__})
                    self._pubsub = None
                    self._confirmed.clear()
                    self._turn()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def subscribe(self, channel: str) -> None:
        """Return once Redis has confirmed, so that nothing falls between looking and hearing; or at once without it."""
        if self._pubsub is None or self._confirmation(channel).is_set():
            return
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._pubsub.subscribe(channel)
                await self._confirmation(channel).wait()
        except (redis.RedisError, OSError, TimeoutError) as trouble:
            log.warning("realtime.not_subscribed", extra={"trouble": type(trouble).__name__})

    async def unsubscribe(self, channel: str) -> None:
        """Be told no more of the channel."""
        self._confirmed.pop(channel, None)
        if self._pubsub is None:
            return
        try:
            await self._pubsub.unsubscribe(channel)
        except (redis.RedisError, OSError) as trouble:
            log.warning("realtime.not_unsubscribed", extra={"trouble": type(trouble).__name__})

    async def _listen_until_silence(self) -> NoReturn:
        """Raises `RedisError` or `OSError` when Redis goes away."""
        # redis-py reads what is published with RESP2 in three quarters of the time (8.1, without hiredis).
        client = Redis.from_url(self._redis_url, socket_connect_timeout=CONNECT_SECONDS, retry=None, protocol=2)
        async with client, client.pubsub() as pubsub:
            await self._subscribe_all(pubsub, (KEEPALIVE_CHANNEL, *self._wanted()))
            self._pubsub = pubsub
            # Those who came during the lines above and found Redis still out.
            await self._subscribe_all(pubsub, [c for c in self._wanted() if c.encode() not in pubsub.channels])
            self._turn()
            heard_at, taken = monotonic(), 0
            while monotonic() - heard_at < SILENCE_SECONDS:
                message = await pubsub.get_message(timeout=PING_SECONDS)
                if message is None:
                    await pubsub.ping()
                else:
                    heard_at = monotonic()
                    self._take(message)
                    taken += 1
                    if taken % TURN == 0:
                        await asyncio.sleep(0)  # a flood of messages must not keep the clients waiting for its end
            raise redis.TimeoutError("Redis does not answer pings")

    async def _subscribe_all(self, pubsub: PubSub, channels: Iterable[str]) -> None:
        for chunk in chunks(channels):
            await pubsub.subscribe(*chunk)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                self._confirmation(message["channel"].decode()).set()
            case "unsubscribe":
                if confirmation := self._confirmed.get(message["channel"].decode()):
                    confirmation.clear()
            case "message":
                self._hear(message["channel"].decode(), message["data"])

    def _confirmation(self, channel: str) -> asyncio.Event:
        """Set while Redis tells us of the channel."""
        return self._confirmed.setdefault(channel, asyncio.Event())
