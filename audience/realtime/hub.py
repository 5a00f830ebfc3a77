"""All open inboxes of this process: who looks, what they are told, and when the database is looked into.

Redis brings news at once but may lose any. So the database is looked at too, for all open inboxes together: now and
then while Redis is well, every few seconds while it is not. Counts are made here, only for inboxes somebody looks at.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from audience.messages import CHANGED, ITEM_CREATED
from audience.publish import channel_of
from audience.realtime.crew import chunks, forever
from audience.realtime.line import Line
from audience.realtime.look import OVERLAP, Inbox, News, arrivals, beside_the_loop, counts_of
from audience.realtime.opening import Door
from audience.realtime.stream import Stream
from kernel import structs
from kernel.clock import now

LOOK_SECONDS_WELL = 30.0
LOOK_SECONDS_OUT = 3.0
COUNT_SECONDS = 0.2  # news of this long share one count

log = logging.getLogger(__name__)


class Hub:
    """All open inboxes of one event loop, by their channel."""

    def __init__(self, redis_url: str) -> None:
        self._streams: dict[str, set[Stream]] = {}
        self._look_now = asyncio.Event()
        self._looked_at = now()
        self._to_count: dict[Inbox, None] = {}
        self._count_soon = asyncio.Event()
        self._line = Line(redis_url, wanted=lambda: tuple(self._streams), hear=self._hear, turn=self._look_now.set)
        self._tasks: list[asyncio.Task[None]] = []
        self.door = Door()

    @asynccontextmanager
    async def open(self, inbox: Inbox) -> AsyncIterator[Stream]:
        """A stream of what happens in the inbox from now on."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(forever(w)) for w in (self._line.listen, self._look, self._count)]
        channel, stream = channel_of(inbox[1]), Stream(inbox, at=now())
        self._streams.setdefault(channel, set()).add(stream)
        try:
            await self._line.subscribe(channel)
            yield stream
        finally:
            self._streams[channel].discard(stream)
            if not self._streams[channel]:
                del self._streams[channel]
                await self._line.unsubscribe(channel)

    def count(self, inbox: Inbox) -> None:
        """Tell everybody who looks at the inbox its counts, soon."""
        self._to_count[inbox] = None
        self._count_soon.set()

    def _hear(self, channel: str, message: bytes) -> None:
        """Hand one message to everybody who looks at its inbox."""
        try:
            envelope = _read(message)
        except msgspec.DecodeError as trouble:
            log.warning("realtime.not_understood", extra={"trouble": str(trouble)[:200]})
            return
        created = envelope.item if envelope.type == ITEM_CREATED else None
        for stream in self._streams.get(channel, ()):
            if envelope.type != CHANGED:
                stream.offer(News(json=message, item_id=created.id if created else None))
            self.count(stream.inbox)

    def _watching(self, recipient_id: UUID) -> tuple[Stream, ...]:
        return tuple(self._streams.get(channel_of(recipient_id), ()))

    async def _look(self) -> None:
        """Look into the database once, when it is time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS_WELL if self._line.well else LOOK_SECONDS_OUT):
                await self._look_now.wait()
        self._look_now.clear()
        started_at = now()
        try:
            for chunk in chunks([next(iter(streams)).inbox for streams in self._streams.values()]):
                await self._tell_arrivals(chunk, since=self._looked_at - OVERLAP)
                await self._tell_counts(chunk)
        except (DatabaseError, InterfaceError) as trouble:
            log.warning("realtime.database_out", extra={"trouble": type(trouble).__name__})
        else:
            self._looked_at = started_at

    async def _count(self) -> None:
        """Count once, as soon as something wants to be counted."""
        await self._count_soon.wait()
        await asyncio.sleep(COUNT_SECONDS)
        self._count_soon.clear()
        inboxes, self._to_count = self._to_count, {}
        try:
            for chunk in chunks(inboxes):
                await self._tell_counts(chunk)
        except (DatabaseError, InterfaceError) as trouble:
            # The next look counts everything again.
            log.warning("realtime.database_out", extra={"trouble": type(trouble).__name__})

    async def _tell_arrivals(self, inboxes: Sequence[Inbox], *, since: datetime) -> None:
        for item, news in await beside_the_loop(partial(arrivals, inboxes, since=since)):
            for stream in self._watching(item.recipient_id):
                if item.created_at >= stream.since:
                    stream.offer(news)

    async def _tell_counts(self, inboxes: Sequence[Inbox]) -> None:
        for recipient_id, counts in (await beside_the_loop(partial(counts_of, inboxes))).items():
            for stream in self._watching(recipient_id):
                stream.offer_counts(counts)


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


class _Item(msgspec.Struct):
    id: UUID


class _Envelope(msgspec.Struct):
    """What the hub needs to know of a message; clients get the whole of it as it came."""

    type: str
    item: _Item | None = None


_read = structs.decoder(_Envelope).decode
