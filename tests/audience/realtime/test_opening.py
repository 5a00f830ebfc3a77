"""Clients who open inboxes at the same time are answered together, each with what is theirs."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience.realtime.opening import Asked, Door, openings
from audience.services import deliver_to_inbox
from audience.values import Counts, InboxItemInput

Put = Callable[..., UUID]


@pytest.fixture
def put(at: datetime) -> Put:
    """Deliver an item to somebody, so many seconds ago."""

    def put_item(who: object, *, seconds_ago: float = 0) -> UUID:
        item = InboxItemInput(uuid4(), who.tenant_id, who.id, uuid4(), "Hello", "World")  # type: ignore[attr-defined]
        deliver_to_inbox([item], at=at - timedelta(seconds=seconds_ago))
        return item.id

    return put_item


def test_each_is_told_of_their_own_inbox(
    tenant_id: UUID, other_tenant_id: UUID, make_recipient: Callable, put: Put, at: datetime
) -> None:
    ana, ben = make_recipient(tenant_id, "ana"), make_recipient(other_tenant_id, "ben")
    last = put(ana, seconds_ago=60)
    missed = [put(ana, seconds_ago=30), put(ana)]
    put(ben, seconds_ago=60)

    hers, his, nobodys, foreign = openings(
        [
            Asked((tenant_id, ana.id), at, last),
            Asked((other_tenant_id, ben.id), at),
            Asked((tenant_id, uuid4()), at),
            Asked((other_tenant_id, ana.id), at, last),
        ]
    )

    assert hers is not None
    assert his is not None
    assert ([news.item_id for news in hers.missed], hers.present) == (missed, {missed[1]})
    assert hers.counts == Counts(3, 3, 3)
    assert (his.missed, his.present, his.counts) == ((), frozenset(), Counts(1, 1, 1))
    assert (nobodys, foreign) == (None, None)


def test_they_cost_the_same_however_many_come(
    tenant_id: UUID, make_recipient: Callable, put: Put, at: datetime
) -> None:
    people = [make_recipient(tenant_id, f"p{number}") for number in range(20)]
    asked = [Asked((tenant_id, one.id), at, put(one, seconds_ago=60)) for one in people]
    costs = []
    for some in (asked[:1], asked):
        with CaptureQueriesContext(connection) as captured:
            assert None not in openings(some)
        costs.append(len(captured))

    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_while_the_database_answers_waits_for_the_next_answer(at: datetime) -> None:
    async def all_come() -> list[object]:
        door = Door()
        return await asyncio.gather(*(door.opening(Asked((uuid4(), uuid4()), at)) for _ in range(250)))

    assert asyncio.run(all_come()) == [None] * 250


def test_trouble_reaches_everybody_who_waits(at: datetime) -> None:
    async def all_come() -> list[object]:
        door = Door()
        waiting = [door.opening(Asked((uuid4(), uuid4()), at)) for _ in range(3)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(found) for found in asyncio.run(all_come())] == [RuntimeError] * 3  # this test may have no database
