import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from audience.realtime import stream as module
from audience.realtime.look import News
from audience.realtime.opening import MAX_MISSED
from audience.realtime.stream import MAX_WAITING, Stream, TooSlow
from audience.values import Counts

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_stream() -> Stream:
    return Stream((uuid4(), uuid4()), at=AT)


def an_item() -> News:
    return News(json=b"{}", item_id=uuid4())


def told(stream: Stream, *, seconds: float = 0.05) -> list[News | None]:
    async def listen() -> list[News | None]:
        return [news async for news in stream.told(seconds=seconds)]

    return asyncio.run(listen())


def test_news_comes_in_its_order_and_the_stream_ends_in_time() -> None:
    stream, items = a_stream(), [an_item() for _ in range(3)]
    for item in items:
        stream.offer(item)

    assert told(stream) == items


def test_an_item_is_told_once_however_often_it_is_found() -> None:
    stream, item, known = a_stream(), an_item(), an_item()
    assert known.item_id is not None
    stream.remember(known.item_id)
    for news in (item, known, item, known):
        stream.offer(news)

    assert told(stream) == [item]


def test_counts_are_told_when_they_differ() -> None:
    stream = a_stream()
    for counts in (Counts(1, 1, 1), Counts(1, 1, 1), Counts(1, 0, 1), Counts(1, 1, 1)):
        stream.offer_counts(counts)

    assert [news.json for news in told(stream) if news] == [
        b'{"type":"counts","total":1,"unseen":1,"unread":1}',
        b'{"type":"counts","total":1,"unseen":0,"unread":1}',
        b'{"type":"counts","total":1,"unseen":1,"unread":1}',
    ]


def test_news_of_one_item_that_is_not_new_is_told_every_time() -> None:
    stream, updated = a_stream(), News(json=b"{}")
    stream.offer(updated)
    stream.offer(updated)

    assert told(stream) == [updated, updated]


def test_a_quiet_stream_has_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.05)

    beats = told(a_stream(), seconds=0.3)

    assert set(beats) == {None}
    assert 2 <= len(beats) <= 6


def test_a_client_that_reads_nothing_is_let_go() -> None:
    stream = a_stream()
    for _ in range(MAX_WAITING + 50):
        stream.offer(an_item())

    read: list[News | None] = []

    async def listen() -> None:
        async for news in stream.told(seconds=5):
            read.append(news)  # noqa: PERF401 - what was read before the end counts

    with pytest.raises(TooSlow):
        asyncio.run(listen())
    assert len(read) == MAX_WAITING


def test_everything_that_can_be_missed_can_wait() -> None:
    assert MAX_MISSED < MAX_WAITING
