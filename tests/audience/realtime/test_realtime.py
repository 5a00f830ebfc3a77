import json
import threading
import time
import urllib.error
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from websockets.exceptions import ConnectionClosed

from audience.models import InboxItem
from audience.publish import channel_of
from audience.services import deliver_to_inbox, erase
from audience.tokens import issue
from audience.values import InboxItemInput
from kernel.clock import now
from tenants.scope import tenant_scope


@pytest.fixture
def token(realtime, ana) -> str:
    return issue(ana.tenant_id, ana.id, seconds=600, at=now()).text


@pytest.fixture
def put(ana) -> Callable[..., UUID]:
    """Deliver an item to Ana, now or so many seconds ago."""

    def put_item(*, seconds_ago: float = 0) -> UUID:
        item = InboxItemInput(uuid4(), ana.tenant_id, ana.id, uuid4(), "Hello", "two\nlines")
        assert deliver_to_inbox([item], at=now() - timedelta(seconds=seconds_ago)).new == {item.id}
        return item.id

    return put_item


class Ear:
    """Listens to a stream or a socket: items and counts each come in order, but in between each other as they like."""

    def __init__(self, line: Any) -> None:
        self._next = line.next if hasattr(line, "next") else lambda: (None, json.loads(line.recv(timeout=10)))
        self._counts: dict[str, Any] = {}

    def news(self, kind: str) -> dict[str, Any]:
        """The item of the next message of that kind."""
        while True:
            data = self._next()[1]
            if data["type"] == kind:
                found: dict[str, Any] = data["item"]
                return found
            if data["type"] == "counts":
                self._counts = data

    def hears_counts(self, **counts: int) -> bool:
        """Wait until these are the counts; those told while listening for something else have been heard too."""
        expected = {"type": "counts", **counts}
        while self._counts != expected:
            data = self._next()[1]
            if data["type"] == "counts":
                self._counts = data
        return True


def test_an_item_appears_on_an_open_stream_at_once(realtime, token: str, put) -> None:
    events = realtime.sse(token)
    assert events.next() == (None, {"type": "counts", "total": 0, "unseen": 0, "unread": 0})
    started = time.monotonic()

    item = put()

    ear = Ear(events)
    told = ear.news("item.created")
    assert time.monotonic() - started < 15  # the look into the database would take up to 30
    assert (told["id"], told["body"]) == (str(item), "two\nlines")
    assert ear.hears_counts(total=1, unseen=1, unread=1)


def test_a_stream_goes_on_where_the_last_one_ended(realtime, token: str, put) -> None:
    first, *missed = put(seconds_ago=90), put(seconds_ago=60), put(seconds_ago=30)

    events = realtime.sse(token, **{"Last-Event-ID": str(first)})

    ear = Ear(events)
    assert [ear.news("item.created")["id"] for _ in range(2)] == [str(id) for id in missed]
    assert ear.hears_counts(total=3, unseen=3, unread=3)
    new = put()
    assert ear.news("item.created")["id"] == str(new)


@pytest.mark.parametrize("last", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_last_event_nobody_knows_replays_nothing(realtime, token: str, put, last: str) -> None:
    put(seconds_ago=60)

    assert realtime.sse(token, **{"Last-Event-ID": last}).next()[1]["type"] == "counts"


def test_an_item_is_told_once_although_the_database_is_looked_at_too(realtime, token: str, put) -> None:
    put()
    events = realtime.sse(token)
    assert events.next()[1]["type"] == "counts"

    items = [put() for _ in range(20)]

    told = []
    while len(told) < 20:
        id, data = events.next()
        told += [id] if data["type"] == "item.created" else []
    assert told == [str(item) for item in items]
    realtime.valkey.stop()
    realtime.valkey.start()  # the hub looks into the database when Redis goes and when it comes back
    last = put()
    while (seen := events.next()[0]) is None:
        pass
    assert seen == str(last)


def test_one_device_hears_what_another_one_does(realtime, token: str, put) -> None:
    item = put()
    phone, laptop = realtime.sse(token), realtime.websocket(token)
    assert phone.next()[1]["unread"] == json.loads(laptop.recv(timeout=5))["unread"] == 1

    laptop.send(json.dumps({"type": "read", "id": str(item)}))

    for ear in (Ear(phone), Ear(laptop)):
        updated = ear.news("item.updated")
        assert updated["id"] == str(item)
        assert updated["read_at"] is not None
        assert ear.hears_counts(total=1, unseen=0, unread=0)
    assert InboxItem.objects.get().read_at is not None


def test_a_websocket_tells_the_same_as_a_stream(realtime, token: str, put) -> None:
    first, missed = put(seconds_ago=60), put(seconds_ago=30)

    laptop = realtime.websocket(token, more=f"&last_event_id={first}")

    ear = Ear(laptop)
    assert ear.news("item.created")["id"] == str(missed)
    assert ear.hears_counts(total=2, unseen=2, unread=2)
    new = put()
    assert ear.news("item.created")["id"] == str(new)


def test_everything_can_be_read_at_once_over_a_websocket(realtime, token: str, put) -> None:
    put(), put()
    laptop = realtime.websocket(token)
    assert json.loads(laptop.recv(timeout=5))["unread"] == 2

    laptop.send('{"type": "read-all"}')

    assert Ear(laptop).hears_counts(total=2, unseen=0, unread=0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("nonsense", "invalid_command"),
        ('{"type": "dance"}', "invalid_command"),
        ('{"type": "read"}', "invalid_command"),
        ('{"type": "read", "id": "7"}', "invalid_command"),
        ('{"type": "read", "id": "00000000-0000-4000-8000-000000000000"}', "not_found"),
    ],
)
def test_a_websocket_answers_what_it_cannot_do_and_stays_open(realtime, token: str, put, said: str, code: str) -> None:
    laptop = realtime.websocket(token)
    laptop.recv(timeout=5)

    laptop.send(said)

    assert json.loads(laptop.recv(timeout=5))["code"] == code
    item = put()
    assert Ear(laptop).news("item.created")["id"] == str(item)


def test_somebody_elses_item_cannot_be_read(realtime, token: str, make_recipient, tenant_id: UUID) -> None:
    bob = make_recipient(tenant_id, "bob")
    item = InboxItemInput(uuid4(), tenant_id, bob.id, uuid4(), "Private", "Hello")
    laptop = realtime.websocket(token)
    laptop.recv(timeout=5)

    deliver_to_inbox([item], at=now())
    laptop.send(json.dumps({"type": "read", "id": str(item.id)}))

    assert json.loads(laptop.recv(timeout=5))["code"] == "not_found"
    assert InboxItem.objects.get().read_at is None


def test_without_a_good_token_nothing_opens(realtime, token: str, ana, tenant_id: UUID, at: datetime) -> None:
    expired = issue(tenant_id, ana.id, seconds=60, at=now() - timedelta(seconds=62)).text
    with tenant_scope(tenant_id):
        erase(tenant_id=tenant_id, external_id="ana", actor="test", at=at)

    for credential in ("", "crt_nonsense", expired, token):
        with pytest.raises(urllib.error.HTTPError) as refused:
            realtime.sse(credential)
        assert refused.value.code == 401
        assert refused.value.headers["Content-Type"] == "application/problem+json"
        said = json.loads(refused.value.read())
        assert (said["code"], said["errors"]) == ("unauthorized", [])
        assert said["request_id"] == refused.value.headers["X-Request-ID"] != ""
        with pytest.raises(ConnectionClosed) as closed:
            realtime.websocket(credential).recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


def test_a_stream_ends_when_its_token_does(realtime, ana) -> None:
    short = issue(ana.tenant_id, ana.id, seconds=2, at=now()).text
    events, laptop = realtime.sse(short), realtime.websocket(short)
    laptop.recv(timeout=5)

    rest = events.answer.read()

    assert b"counts" in rest
    with pytest.raises(ConnectionClosed) as closed:
        laptop.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_any_page_may_ask_since_only_the_token_opens(realtime, token: str) -> None:
    events = realtime.sse(token)

    assert events.answer.headers["Access-Control-Allow-Origin"] == "*"
    assert events.answer.headers["Cache-Control"] == "no-store"
    assert events.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"


def test_other_routes_of_the_process_are_still_there(realtime) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{realtime.port}/healthz", timeout=5) as answer:
        assert answer.status == 200


def test_while_redis_is_out_items_still_arrive_and_after_it_they_do_at_once(realtime, token: str, put, ana) -> None:
    events, laptop = realtime.sse(token, timeout=15), realtime.websocket(token)
    events.next(), laptop.recv(timeout=5)
    phone_ear, laptop_ear = Ear(events), Ear(laptop)

    realtime.valkey.stop()
    try:
        item = put()
        assert phone_ear.news("item.created")["id"] == str(item)
        assert phone_ear.hears_counts(total=1, unseen=1, unread=1)
        assert laptop_ear.news("item.created")["id"] == str(item)
        assert laptop_ear.hears_counts(total=1, unseen=1, unread=1)
        laptop.send(json.dumps({"type": "read", "id": str(item)}))
        assert laptop_ear.hears_counts(total=1, unseen=0, unread=0)
    finally:
        realtime.valkey.start()

    with redis.Redis.from_url(realtime.valkey.url) as line:
        wait_until(lambda: line.pubsub_numsub(channel_of(ana.id))[0][1] == 1)
    started = time.monotonic()
    time.sleep(1)  # publishing gives Redis a second of rest after a failure
    last = put()
    assert laptop_ear.news("item.created")["id"] == str(last)
    assert time.monotonic() - started < 15


def test_what_is_not_ours_on_a_channel_is_passed_over(realtime, token: str, put, ana) -> None:
    events = realtime.sse(token)
    events.next()

    with redis.Redis.from_url(realtime.valkey.url) as line:
        line.publish(channel_of(ana.id), b"nonsense")
    item = put()

    assert Ear(events).news("item.created")["id"] == str(item)


def test_a_hundred_streams_share_one_redis_connection_and_a_few_threads(
    realtime, make_recipient, tenant_id: UUID
) -> None:
    everybody = [make_recipient(tenant_id, f"user-{number}") for number in range(100)]
    streams = [realtime.sse(issue(tenant_id, person.id, seconds=600, at=now()).text) for person in everybody]
    for stream in streams:
        stream.next()
    items = [InboxItemInput(uuid4(), tenant_id, person.id, uuid4(), "Hello", "World") for person in everybody]

    deliver_to_inbox(items, at=now())

    assert [Ear(stream).news("item.created")["id"] for stream in streams] == [str(item.id) for item in items]
    assert realtime.threads() < 20
    with redis.Redis.from_url(realtime.valkey.url) as line:
        listening = [client for client in line.client_list() if int(client["sub"]) > 0]
        assert len(listening) == 1
        assert int(listening[0]["sub"]) == 101
        for stream in streams:
            stream.answer.close()
        wait_until(lambda: len(line.pubsub_channels("carillon:inbox:*")) == 1)


def wait_until(happened: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.05)
