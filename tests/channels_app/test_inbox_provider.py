"""Items in inboxes, each exactly once."""

from uuid import UUID

import pytest

from audience.models import InboxItem
from channels_app.providers.inbox import Inbox
from channels_app.values import Account, Refused, Sent
from kernel.clock import monotonic
from kernel.ids import uuid7
from tests.channels_app.worlds.inbox import World


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    return World(request)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(Account("inbox", "inbox", "in_app", "live"), timeout_seconds=5.0)


def test_an_item_says_what_its_content_says(world: World, inbox: Inbox) -> None:
    content = {
        "title": "Shipped",
        "body": "Soon there",
        "url": "/orders/1",
        "icon": "https://example.org/i.png",
        "category": "orders",
        "actions": [{"title": "Track", "url": "/track"}],
    }
    message = world.message(content=content)

    (result,) = inbox.send([message], deadline=monotonic() + 5)

    item = InboxItem.objects.get(id=message.delivery_id)
    assert result == Sent(str(message.delivery_id), delivered=True)
    assert (item.title, item.body, item.url, item.icon, item.category) == (
        "Shipped",
        "Soon there",
        "/orders/1",
        "https://example.org/i.png",
        "orders",
    )
    assert item.actions == [{"title": "Track", "url": "/track"}]
    assert (item.recipient_id, item.notification_id) == (message.recipient_id, message.notification_id)


def test_a_second_attempt_places_nothing_twice(world: World, inbox: Inbox) -> None:
    message = world.message()

    results = [inbox.send([message], deadline=monotonic() + 5)[0] for _ in range(3)]

    assert results == [Sent(str(message.delivery_id), delivered=True)] * 3
    assert InboxItem.objects.count() == 1


def test_somebody_who_is_gone_gets_nothing(world: World, inbox: Inbox) -> None:
    here, gone = world.message(), world.message(recipient_id=uuid7())

    first, second = inbox.send([here, gone], deadline=monotonic() + 5)

    assert isinstance(first, Sent)
    assert second == Refused("recipient_gone", "the person is no longer there", reason="no_endpoint")


def test_an_item_that_cannot_be_stored_does_not_stop_the_others(world: World, inbox: Inbox) -> None:
    good = [world.message() for _ in range(3)]
    bad = world.message(content={"title": "NUL", "body": "a\x00b"})

    results = inbox.send([good[0], bad, *good[1:]], deadline=monotonic() + 5)

    assert [type(result) for result in results] == [Sent, Refused, Sent, Sent]
    assert isinstance(results[1], Refused)
    assert (results[1].code, results[1].reason) == ("not_storable", "render_error")
    placed: set[UUID] = set(InboxItem.objects.values_list("id", flat=True))
    assert placed == {message.delivery_id for message in good}


def test_a_batch_is_one_transaction_whatever_its_size(
    world: World, inbox: Inbox, django_assert_max_num_queries: object
) -> None:
    messages = [world.message() for _ in range(200)]

    with django_assert_max_num_queries(8):  # type: ignore[operator]
        results = inbox.send(messages, deadline=monotonic() + 5)

    assert {type(result) for result in results} == {Sent}
