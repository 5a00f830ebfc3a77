"""Consumers that read the log in SQL: every line in one stretch, and a few latecomers left for the next bell."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection

from events import consumers
from events.consumers import IN_STRETCH, Stretch, StretchConsumer, advance_all
from events.services import record
from events.values import NewEvent
from tests.log_reading import wait_until_readable

pytestmark = pytest.mark.django_db(transaction=True)


def lines(tenant_id: UUID, at: datetime, number: int) -> list[NewEvent]:
    return [NewEvent(tenant_id, "thing.happened", at, delivery_id=uuid4()) for _ in range(number)]


def ids_in(stretch: Stretch) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT delivery_id FROM events_event WHERE {IN_STRETCH} ORDER BY xid, id", stretch.bounds)
        return [id for (id,) in cursor.fetchall()]


def test_stretches_hold_every_line_once_and_latecomers_wait(
    tenant_id: UUID, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, late = lines(tenant_id, at, 13), lines(tenant_id, at, 2)
    read: list[list[UUID]] = []

    def consume(stretch: Stretch) -> None:
        read.append(ids_in(stretch))
        if len(read) == 3:
            record(late)

    monkeypatch.setattr(consumers, "_consumers", {"mine": StretchConsumer("mine", consume, batch=5, least=5)})
    record(first[:6])
    record(first[6:])
    wait_until_readable()

    assert advance_all()
    assert [len(found) for found in read] == [5, 5, 3]
    assert [id for found in read for id in found] == [event.delivery_id for event in first]

    wait_until_readable()
    assert advance_all()
    assert read[3:] == [[event.delivery_id for event in late]]
    assert advance_all()
    assert len(read) == 4
