"""Items of a digest that closes: which are told, how, and what its template sees of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.digest_items import Item, data_of, told

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def item(number: int, **facts: Any) -> Item:
    return Item(**{"id": UUID(int=number), "type": "comment", "at": AT, "data": {"n": number}, **facts})


def test_items_are_told_in_the_order_of_their_acceptance() -> None:
    assert [found.data["n"] for found in told([item(3), item(1), item(2)], min_items=1, at=AT).items] == [1, 2, 3]


@given(order=st.permutations([item(n) for n in range(6)]))
def test_the_order_of_joining_does_not_matter(order: list[Item]) -> None:
    assert told(order, min_items=1, at=AT) == told(sorted(order, key=lambda i: i.id), min_items=1, at=AT)


def test_what_expired_or_was_taken_back_meanwhile_is_left_out() -> None:
    found = told(
        [item(1, expires_at=AT), item(2, expires_at=AT + MINUTE), item(3, left_out="cancelled"), item(4)],
        min_items=1,
        at=AT,
    )

    assert ([i.data["n"] for i in found.items], found.left_out) == ([2, 4], {UUID(int=1): "expired"})


@pytest.mark.parametrize(("count", "together"), [(1, False), (2, True), (3, True)])
def test_too_few_are_sent_one_by_one(count: int, together: bool) -> None:
    assert told([item(n) for n in range(count)], min_items=2, at=AT).together is together


def test_the_template_sees_every_item_its_key_and_the_first() -> None:
    data = data_of([item(1, data={"title": "A"}), item(2, data={"notification": "mine"})], key="Tower")

    assert (data["count"], data["key"], data["first"]["title"]) == (2, "Tower", "A")
    assert data["items"][0]["notification"] == {"id": str(UUID(int=1)), "type": "comment", "at": AT.isoformat()}
    assert data["items"][1]["notification"] == "mine"
