"""Items of a digest that closes: which are told, how, and what its template sees of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.digest_items import Item, Leaving, Stance, Told, data_of, told
from preferences.rules import Ban, Reason, Wishes, judged, wishes_in
from preferences.rules.consent import Demand, Said

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

    assert ([i.data["n"] for i in found.items], found.left_out) == ([2, 4], {UUID(int=1): Leaving("expired")})


@pytest.mark.parametrize(("count", "together"), [(1, False), (2, True), (3, True)])
def test_too_few_are_sent_one_by_one(count: int, together: bool) -> None:
    assert told([item(n) for n in range(count)], min_items=2, at=AT).together is together


def test_the_template_sees_every_item_its_key_and_the_first() -> None:
    data = data_of([item(1, data={"title": "A"}), item(2, data={"notification": "mine"})], key="Tower")

    assert (data["count"], data["key"], data["first"]["title"]) == (2, "Tower", "A")
    assert data["items"][0]["notification"] == {"id": str(UUID(int=1)), "type": "comment", "at": AT.isoformat()}
    assert data["items"][1]["notification"] == "mine"


BOTH = ("email", "in_app")


def numbers(items: tuple[Item, ...]) -> list[int]:
    return [one.data["n"] for one in items]


def closing(*items: Item, min_items: int = 1, **stance: Any) -> Told:
    return told(items, min_items=min_items, at=AT, stance=Stance(**stance))


def reasons(found: Told) -> dict[int, str]:
    return {id.int: why.reason for id, why in found.left_out.items()}


def muting(n: int, **where: str) -> Wishes:
    return wishes_in({"conditions": [{"mute": {"path": "data.n", "equals": n, **where}}]})


def test_what_was_muted_meanwhile_leaves_and_the_rest_is_told() -> None:
    found = closing(*(item(n, channels=BOTH) for n in (1, 2, 3)), wishes=muting(2))

    assert (numbers(found.items), found.apart, reasons(found)) == ([1, 3], (), {2: "preference_off"})
    assert found.left_out[UUID(int=2)].detail["rule"] == "recipient.conditions"


@pytest.mark.parametrize(
    ("stance", "reason"),
    [
        pytest.param({"wishes": wishes_in({"categories": {"news": False}})}, "preference_off", id="category off"),
        pytest.param({"demands": {"news": Demand("news", ("all",))}}, "consent_missing", id="consent never given"),
        pytest.param(
            {"demands": {"news": Demand("news")}, "said": (Said("news", "email", False, AT),)},
            "consent_missing",
            id="consent taken back",
        ),
        pytest.param(
            {"bans": {"email": ((Ban(Reason.UNSUBSCRIBE, "category:news"),),)}}, "unsubscribed", id="unsubscribed"
        ),
        pytest.param({"bans": {"email": ((Ban(Reason.MANUAL, "category:news"),),)}}, "suppressed", id="suppressed"),
    ],
)
def test_each_item_is_judged_as_what_it_is_about(stance: dict[str, Any], reason: str) -> None:
    news, order = item(1, channels=("email",), category="news"), item(2, channels=("email",), category="orders")

    found = closing(news, order, **stance)

    assert (numbers(found.items), reasons(found)) == ([2], {1: reason})


def test_a_dead_address_gives_way_to_another_one() -> None:
    bounced = (Ban(Reason.HARD_BOUNCE),)

    assert closing(item(1, channels=("email",)), bans={"email": (bounced, ())}).left_out == {}
    assert reasons(closing(item(1, channels=("email",)), bans={"email": (bounced, bounced)})) == {1: "suppressed"}


def test_what_may_still_be_told_on_another_channel_goes_there_by_itself() -> None:
    found = closing(*(item(n, channels=BOTH) for n in (1, 2, 3)), wishes=muting(2, channel="email"))

    assert (numbers(found.items), numbers(found.apart), reasons(found)) == ([1, 3], [2], {})


def test_items_that_are_refused_on_the_same_channel_stay_together() -> None:
    found = closing(*(item(n, channels=BOTH) for n in (1, 2)), wishes=wishes_in({"channels": {"email": False}}))

    assert (numbers(found.items), found.apart) == ([1, 2], ())


def test_too_few_that_stay_together_are_sent_one_by_one_with_the_others() -> None:
    found = closing(*(item(n, channels=BOTH) for n in (1, 2, 3)), min_items=3, wishes=muting(2, channel="email"))

    assert (found.together, numbers(found.items), found.apart) == (False, [1, 2, 3], ())


documents = st.fixed_dictionaries(
    {},
    optional={
        "types": st.fixed_dictionaries({"comment": st.booleans()}),
        "channels": st.dictionaries(st.sampled_from(BOTH), st.booleans()),
        "conditions": st.lists(
            st.builds(
                lambda n, mute, where: {
                    "mute" if mute else "only_if": {"path": "data.n", "op": "<", "value": n} | where
                },
                st.integers(0, 6),
                st.booleans(),
                st.sampled_from(({}, {"channel": "email"}, {"channel": "in_app"})),
            ),
            max_size=3,
        ),
    },
)


@given(document=documents, gathered=st.lists(st.sampled_from((BOTH, ("email",), ("in_app",))), max_size=5))
def test_every_item_has_one_end_and_what_is_told_as_one_is_wanted_where_it_is_told(
    document: dict[str, Any], gathered: list[tuple[str, ...]]
) -> None:
    """The digest is judged when it is planned, by the data its template sees: what no item wants there does not go."""
    items = [item(n, channels=channels) for n, channels in enumerate(gathered)]
    wishes = wishes_in(document)

    found = closing(*items, wishes=wishes)

    ends = [*found.items, *found.apart, *(one for one in items if one.id in found.left_out)]
    assert sorted(ends, key=lambda one: one.id) == items
    data = data_of(found.items, key="")
    for channel in {channel for one in found.items for channel in one.channels}:
        wanted = {judged(wishes, channel=channel, type="comment", data=one.data) is None for one in found.items}
        assert wanted == {judged(wishes, channel=channel, type="comment", data=data) is None}
