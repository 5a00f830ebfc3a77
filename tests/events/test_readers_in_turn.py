"""Readers of the log get what they want of it, a batch each in turn, and block only themselves."""

from collections.abc import Callable, Sequence

import pytest

from events import consumers
from events.consumers import advance_all, consumer
from events.models import Cursor
from events.services import record
from events.values import LoggedEvent, NewEvent
from tests.log_reading import wait_until_readable
from tests.make import AT, a_tenant

pytestmark = pytest.mark.django_db(transaction=True)

Read = list[tuple[str, tuple[str, ...]]]  # who read, and the kinds of the lines


@pytest.fixture(autouse=True)
def no_other_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "_consumers", {})


@pytest.fixture
def read() -> Read:
    return []


def noting(read: Read, name: str) -> Callable[[Sequence[LoggedEvent]], None]:
    return lambda events: read.append((name, tuple(event.kind for event in events)))


def log(*kinds: str) -> None:
    """Write a line of each kind, in this order."""
    tenant = a_tenant()
    record([NewEvent(tenant.id, kind, AT) for kind in kinds])
    wait_until_readable()


def test_lines_a_reader_does_not_want_are_passed_over(read: Read) -> None:
    consumer("picky", batch=2, only="kind IN ('thing.wanted', 'thing.needed')")(noting(read, "picky"))
    log("thing.wanted", "thing.other", "thing.other", "thing.other", "thing.needed")

    assert advance_all()

    assert read == [("picky", ("thing.wanted",)), ("picky", ("thing.needed",))]
    assert advance_all()
    assert len(read) == 2


def test_readers_take_turns_and_stop_when_the_turn_is_over(read: Read) -> None:
    for name in ("first", "second"):
        consumer(name, batch=1)(noting(read, name))
    log("no.one", "no.two", "no.three")

    assert not advance_all(until=0.0)
    assert read == [("first", ("no.one",)), ("second", ("no.one",))]

    assert advance_all()
    assert read[2:] == [
        ("first", ("no.two",)),
        ("second", ("no.two",)),
        ("first", ("no.three",)),
        ("second", ("no.three",)),
    ]


def test_one_that_fails_is_left_where_it_was_and_stops_no_other(read: Read) -> None:
    @consumer("broken", batch=1)
    def fail(events: Sequence[LoggedEvent]) -> None:
        raise ValueError("cannot read this")

    consumer("well", batch=1)(noting(read, "well"))
    log("no.one", "no.two")

    assert advance_all()

    assert read == [("well", ("no.one",)), ("well", ("no.two",))]
    assert not Cursor.objects.filter(consumer="broken", xid__gt=0).exists()
