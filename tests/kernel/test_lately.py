"""What was seen lately is known, for a while and up to a number."""

from datetime import timedelta

from kernel.lately import Lately
from tests.make import AT

HOUR = timedelta(hours=1)


def test_it_knows_what_it_has_seen_for_a_while() -> None:
    lately = Lately(most=10, within=HOUR)
    assert not lately.has("a", at=AT)

    lately.keep("a", at=AT)
    lately.keep("a", at=AT + HOUR / 2)

    assert lately.has("a", at=AT + HOUR * 0.9)
    assert not lately.has("a", at=AT + HOUR)
    assert not lately.has("b", at=AT)


def test_it_is_renewed_when_its_time_was_over() -> None:
    lately = Lately(most=10, within=HOUR)
    lately.keep("a", at=AT)

    lately.keep("a", at=AT + HOUR)

    assert lately.has("a", at=AT + HOUR * 1.5)


def test_the_oldest_are_forgotten_first() -> None:
    lately = Lately(most=2, within=HOUR)

    for thing in "abc":
        lately.keep(thing, at=AT)

    assert [lately.has(thing, at=AT) for thing in "abc"] == [False, True, True]


def test_it_can_forget_everything() -> None:
    lately = Lately(most=2, within=HOUR)
    lately.keep("a", at=AT)

    lately.forget()

    assert not lately.has("a", at=AT)
