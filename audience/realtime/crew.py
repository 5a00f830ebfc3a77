"""Small things the realtime modules share: work in portions, and tasks that outlive their mistakes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

CHUNK = 1000
PAUSE_SECONDS = 1.0

T = TypeVar("T")
log = logging.getLogger(__name__)


async def forever(work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again and again: a bug in it is reported and must not silence every open inbox."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("realtime.task_failed")
            await asyncio.sleep(PAUSE_SECONDS)


def chunks(things: Iterable[T]) -> Iterator[list[T]]:
    """`things` in lists of at most `CHUNK`."""
    rest = iter(things)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
