"""The log is counted once, and counting it again comes to the same."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from analytics.consumers import roll_up
from analytics.models import Rollup
from analytics.services import CONSUMER, add, start_over
from analytics.values import Cell, Figures
from events.consumers import Consumer, advance, registered
from events.models import Cursor, Event
from tenants.scope import tenant_scope
from tests.analytics.conftest import a_notification, tell
from tests.log_reading import wait_until_readable

HOUR = timedelta(hours=1)

# Lines are read once their transaction is over, so these tests commit.
pytestmark = pytest.mark.django_db(transaction=True)


def read_all(*, batch: int = 100) -> int:
    wait_until_readable()
    lines = 0
    while read := advance(Consumer(CONSUMER, roll_up, batch)):
        lines += read
    return lines


def rows() -> list[dict[str, Any]]:
    return list(Rollup.objects.order_by("hour", "channel", "type", "outcome").values())


def told(at: datetime, tenant_id: UUID) -> None:
    first = a_notification(tenant_id, at=at)
    tell(tenant_id, first, "pending", "claimed", "sending", "sent", "delivered", at=at)
    tell(tenant_id, first, "skipped", at=at, channel="sms")
    later = a_notification(tenant_id, at=at + HOUR, type="sale")
    tell(tenant_id, later, "pending", "claimed", "sending", "pending", "claimed", "sending", "dead", at=at + HOUR)


def test_a_story_is_counted_by_hour_channel_type_and_outcome(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)

    assert read_all() == 13

    found = [
        (row["hour"], row["channel"], row["type"], row["outcome"], row["count"], row["attempts"], row["latency_ms"])
        for row in rows()
    ]
    assert found == [
        (at, "email", "order", "delivered", 1, 0, 4000),
        (at, "email", "order", "planned", 1, 0, 0),
        (at, "email", "order", "sent", 1, 1, 3000),
        (at, "sms", "order", "planned", 1, 0, 0),
        (at, "sms", "order", "skipped", 1, 0, 0),
        (at + HOUR, "email", "sale", "dead", 1, 1, 6000),
        (at + HOUR, "email", "sale", "planned", 1, 0, 0),
        (at + HOUR, "email", "sale", "retried", 1, 1, 3000),
    ]
    assert {row["strategy"] for row in rows()} == {"immediate"}
    assert {row["tenant_id"] for row in rows()} == {tenant_id}


@pytest.mark.parametrize("batch", [1, 3, 5])
def test_the_size_of_the_batches_changes_nothing(tenant_id: UUID, at: datetime, batch: int) -> None:
    told(at, tenant_id)
    read_all()
    whole = rows()

    start_over()
    assert rows() == []
    assert read_all(batch=batch) == 13

    assert rows() == whole


def test_lines_that_come_later_are_added(tenant_id: UUID, at: datetime) -> None:
    for _ in range(3):
        told(at, tenant_id)
        read_all()

    assert read_all() == 0
    assert {row["count"] for row in rows()} == {3}
    assert Rollup.objects.get(outcome="delivered").latency_ms == 12_000


def test_a_batch_takes_as_many_statements_for_many_lines_as_for_few(
    tenant_id: UUID, at: datetime, django_assert_num_queries: Any
) -> None:
    Cursor.objects.create(consumer=CONSUMER)
    told(at, tenant_id)
    reader = Consumer(CONSUMER, roll_up, 500)
    wait_until_readable()
    # BEGIN, look for the cursor twice, read, origins, add, move the cursor, COMMIT
    with django_assert_num_queries(8):
        assert advance(reader) == 13
    for _ in range(20):
        told(at, tenant_id)
    wait_until_readable()
    with django_assert_num_queries(8):
        assert advance(reader) == 260


def test_what_waits_for_its_hour_is_timed_from_there(tenant_id: UUID, at: datetime) -> None:
    scheduled = a_notification(tenant_id, at=at, scheduled_at=at + HOUR)
    local = a_notification(tenant_id, at=at, type="local", scheduled_local="2026-11-20T10:00:00")
    for notification in (scheduled, local):
        tell(tenant_id, notification, "pending", "claimed", "sending", "sent", at=at + HOUR)

    read_all()

    first, second = Rollup.objects.filter(outcome="sent").order_by("type")
    assert (first.type, first.timed, first.latency_ms) == ("local", 0, 0)
    assert (second.type, second.timed, second.latency_ms) == ("order", 1, 3000)


def test_starting_over_keeps_the_hours_that_the_log_no_longer_has(tenant_id: UUID, at: datetime) -> None:
    old = Cell(tenant_id, at - 100 * HOUR, "email", "order", "immediate", "sent")
    add({old: Figures(count=7, attempts=9)})
    told(at, tenant_id)
    read_all()

    forgotten = start_over()

    assert forgotten == 8
    assert [(row["hour"], row["count"]) for row in rows()] == [(at - 100 * HOUR, 7)]


def test_without_a_log_nothing_is_forgotten(tenant_id: UUID, at: datetime) -> None:
    add({Cell(tenant_id, at, "email", "", "", "sent"): Figures(count=1)})

    assert start_over() == 0
    assert Rollup.objects.count() == 1


def test_the_command_counts_everything_anew(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)
    read_all()
    whole = rows()
    Rollup.objects.filter(outcome="sent").update(count=999)
    wait_until_readable()
    out = StringIO()

    call_command("rebuild_rollups", stdout=out)

    assert out.getvalue() == "forgot 8 rows, read 13 lines\n"
    assert rows() == whole


def test_a_batch_that_fails_counts_nothing_and_is_read_again(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)

    def broken(events: Any) -> None:
        roll_up(events)
        raise RuntimeError("in the middle")

    wait_until_readable()
    with pytest.raises(RuntimeError):
        advance(Consumer(CONSUMER, broken, 100))

    assert rows() == []
    assert read_all() == 13


def test_the_consumer_is_registered_with_the_configured_batch(settings: Any) -> None:
    (reader,) = [reader for reader in registered() if reader.name == CONSUMER]

    assert reader.consume is roll_up
    assert reader.batch == settings.ORCHESTRATOR.analytics_batch_size


def test_a_tenant_sees_its_own_counts_and_changes_none(tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)
    read_all()
    assert Event.objects.count() == 13

    with tenant_scope(tenant_id):
        mine = Rollup.objects.count()
    with tenant_scope(other_tenant_id):
        theirs = Rollup.objects.count()

    assert (mine, theirs) == (8, 0)
    with pytest.raises(DatabaseError, match="permission denied"), tenant_scope(tenant_id):
        Rollup.objects.update(count=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT sum(count) FROM analytics_rollup")
        assert cursor.fetchone() == (8,)
