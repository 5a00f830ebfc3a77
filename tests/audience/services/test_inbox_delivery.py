import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience import publish as publishing
from audience.models import InboxItem
from audience.publish import channel_of, publish
from audience.services import deliver_to_inbox, mark
from audience.values import InboxItemInput, Placed
from tenants.scope import tenant_scope


def item_for(person, **facts: object) -> InboxItemInput:
    return InboxItemInput(uuid4(), person.tenant_id, person.id, uuid4(), "Hello", "World", **facts)


@pytest.fixture
def fresh_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to Redis that no other test has used or given a rest."""
    monkeypatch.setattr(publishing, "_line", publishing._Line())


def test_an_item_is_placed_once_however_often_its_delivery_is_sent(ana, at: datetime) -> None:
    item = item_for(ana, url="https://example.org", actions=({"label": "Open", "url": "https://example.org"},))

    first, again = deliver_to_inbox([item], at=at), deliver_to_inbox([item], at=at)

    assert first == Placed(new=frozenset({item.id}), gone=frozenset())
    assert again == Placed(new=frozenset(), gone=frozenset())
    row = InboxItem.objects.get()
    assert (row.id, row.created_at, row.actions) == (item.id, at, [{"label": "Open", "url": "https://example.org"}])


def test_items_of_many_tenants_are_placed_in_one_statement(
    ana, make_recipient: Callable[..., object], other_tenant_id: UUID, at: datetime
) -> None:
    eve = make_recipient(other_tenant_id, "eve")
    items = [item_for(person) for person in (ana, eve) * 100]

    with CaptureQueriesContext(connection) as queries:
        placed = deliver_to_inbox(items, at=at)

    assert placed.new == {item.id for item in items}
    assert sum("audience_inboxitem" in query["sql"] for query in queries) == 1
    with tenant_scope(other_tenant_id):
        assert set(InboxItem.objects.values_list("recipient_id", flat=True)) == {eve.id}


def test_one_person_who_is_gone_does_not_stop_the_others(
    ana, tenant_id: UUID, other_tenant_id: UUID, at: datetime
) -> None:
    here = item_for(ana)
    gone = InboxItemInput(uuid4(), tenant_id, uuid4(), uuid4(), "Hello", "World")
    elsewhere = InboxItemInput(uuid4(), other_tenant_id, ana.id, uuid4(), "Hello", "World")

    placed = deliver_to_inbox([gone, here, elsewhere], at=at)

    assert placed == Placed(new=frozenset({here.id}), gone=frozenset({gone.id, elsewhere.id}))


@pytest.mark.django_db(transaction=True)
def test_new_items_are_published_after_commit_and_old_ones_are_not(ana, at: datetime, fresh_line: None) -> None:
    item = item_for(ana)
    listener = redis.Redis.from_url(settings.REDIS_URL).pubsub(ignore_subscribe_messages=True)
    listener.subscribe(channel_of(ana.id))
    listener.get_message(timeout=1)

    deliver_to_inbox([item], at=at)
    deliver_to_inbox([item], at=at)
    with tenant_scope(ana.tenant_id):
        mark(tenant_id=ana.tenant_id, recipient_id=ana.id, item_id=item.id, engagement="seen", at=at, actor="test")

    messages = [message["data"] for message in iter(lambda: listener.get_message(timeout=0.5), None)]
    assert [message.split(b",")[0] for message in messages] == [b'{"type":"item.created"', b'{"type":"item.updated"']
    assert str(item.id).encode() in messages[0]
    assert b'"created_at":"2026-11-20T12:00:00Z"' in messages[0]


def test_while_redis_is_out_publishing_takes_next_to_no_time(
    monkeypatch: pytest.MonkeyPatch, fresh_line: None, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://10.255.255.1:6379/0")  # a host that swallows what it is sent
    started = time.monotonic()

    assert publish([(uuid4(), b"{}")]) == 0
    assert publish([(uuid4(), b"{}")]) == 0

    assert time.monotonic() - started < 1
    assert [record.message for record in caplog.records] == ["inbox.not_published"]
