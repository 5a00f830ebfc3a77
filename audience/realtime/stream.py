"""One client's share of the news: in order, each new item once, a heartbeat in between, and an end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from audience.messages import counts_message
from audience.metrics import REALTIME_DROPPED
from audience.realtime.look import OVERLAP, Inbox, News
from audience.values import Counts

BEAT_SECONDS = 15.0
MAX_WAITING = 1000  # messages, more than can be missed; a client that far behind is better off beginning anew
MAX_REMEMBERED = 1000


class Sign(Enum):
    """What else can be in line beside news."""

    BEAT = auto()
    TOO_SLOW = auto()
    END = auto()


class TooSlow(Exception):
    """The client does not read what it is sent."""


class Stream:
    """News of one inbox for one client. Only the event loop touches it."""

    def __init__(self, inbox: Inbox, *, at: datetime) -> None:
        self.inbox = inbox
        self.opened_at = at
        self.since = at - OVERLAP
        self._waiting: asyncio.Queue[News | Sign] = asyncio.Queue()
        self._told: dict[UUID, None] = {}
        self._counts: Counts | None = None

    def remember(self, item_id: UUID) -> None:
        """The client knows this item already."""
        self._told[item_id] = None
        if len(self._told) > MAX_REMEMBERED:
            del self._told[next(iter(self._told))]

    def offer(self, news: News) -> None:
        """Line `news` up, unless it is of an item that the client was told of."""
        if news.item_id in self._told or self._waiting.qsize() > MAX_WAITING:
            return
        if self._waiting.qsize() == MAX_WAITING:
            REALTIME_DROPPED.inc()
            self._waiting.put_nowait(Sign.TOO_SLOW)
            return
        self._waiting.put_nowait(news)

    def offer_counts(self, counts: Counts) -> None:
        """Line the counts up when they differ from those told last."""
        if counts != self._counts:
            self._counts = counts
            self.offer(News(json=counts_message(counts)))

    async def told(self, *, seconds: float) -> AsyncIterator[News | None]:
        """What comes in during so many seconds, `None` for a heartbeat. Raises `TooSlow`."""
        with self._beating(), self._ending(seconds):
            while (found := await self._waiting.get()) is not Sign.END:
                match found:
                    case Sign.TOO_SLOW:
                        raise TooSlow
                    case Sign.BEAT:
                        yield None
                    case News(item_id=None):
                        yield found
                    case News(item_id=UUID() as item_id) if item_id not in self._told:
                        self.remember(item_id)
                        yield found

    @contextmanager
    def _ending(self, seconds: float) -> Iterator[None]:
        timer = asyncio.get_running_loop().call_later(seconds, self._waiting.put_nowait, Sign.END)
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def _beating(self) -> Iterator[None]:
        """One timer per client that runs whatever comes in: cheaper than a new one for every wait."""
        self._beat_later()
        try:
            yield
        finally:
            self._next_beat.cancel()

    def _beat_later(self) -> None:
        self._next_beat = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        if self._waiting.empty():
            self._waiting.put_nowait(Sign.BEAT)
        self._beat_later()
