"""One process of the upper bound: `python -m config.bench.bare.hand`, told what to do on its standard input."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from config.bench.bare import tables
from config.bench.bare.post import Post
from config.bench.bare.words import rendered
from config.bench.letter import address
from config.bench.processes import answer, told
from kernel.ids import uuid7

BATCH = 500
Batch = Sequence[tuple[UUID, int]]  # (delivery, number of its person)
Send = Callable[[Batch], None]


def main() -> None:
    """Get ready, wait for the word, send to the people from `first` to `first + size`."""
    task = told()
    with psycopg.connect(task["database_url"]) as database:
        if task["smtp"]:
            with asyncio.Runner() as runner:
                post = runner.run(_opened(task["smtp"]))
                _work(task, database, send=lambda batch: runner.run(post.send(batch)))
        else:
            _work(task, database, send=_render_only)


async def _opened(place: Sequence[Any]) -> Post:
    post = Post(str(place[0]), int(place[1]))
    await post.open()
    return post


def _work(task: dict[str, Any], database: psycopg.Connection[Any], *, send: Send) -> None:
    rendered(0)
    answer("ready")
    told()
    notification = UUID(task["notification"])
    last = task["first"] + task["size"]
    for start in range(task["first"], last, BATCH):
        _batch(database, notification, range(start, min(start + BATCH, last)), send=send)
    answer("done")


def _batch(database: psycopg.Connection[Any], notification: UUID, numbers: range, *, send: Send) -> None:
    now = datetime.now(UTC)
    batch = [(uuid7(), number) for number in numbers]
    with database.cursor() as cursor:
        with cursor.copy(tables.COPY_DELIVERIES) as copy:
            for delivery, number in batch:
                copy.write_row((delivery, notification, UUID(int=number + 1), 1, 1, 2, 1, address(number), 0, now))
        with cursor.copy(tables.COPY_HISTORY) as copy:
            for delivery, _ in batch:
                copy.write_row((delivery, 0, now))
        (chunk,) = cursor.execute(tables.LEASE, (notification, len(batch))).fetchone() or (None,)
        database.commit()
        send(batch)
        ids = [delivery for delivery, _ in batch]
        cursor.execute(tables.SENT, (ids, [f"bare-{id}" for id in ids]))
        cursor.execute(tables.CHUNK_DONE, (chunk,))
    database.commit()


def _render_only(batch: Batch) -> None:
    for _, number in batch:
        rendered(number)


if __name__ == "__main__":
    main()
