"""The log is counted once, and counting it again comes to the same."""

from collections import Counter
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from analytics.consumers import roll_up
from analytics.models import LatencyCount, OutcomeCount
from analytics.rules.rollups import DAY, ENDS, GRAINS, HOUR, OUTCOMES
from analytics.services import CONSUMER, start_over
from events.consumers import StretchConsumer, advance, registered
from events.models import Cursor, Event
from events.services import record
from events.values import NewEvent
from notifications.rules.states import LEGAL, OPEN
from tenants.scope import tenant_scope
from tests.analytics.by_hand import buckets_of, everything, rows_of
from tests.analytics.conftest import a_notification, read_all, tell
from tests.log_reading import wait_until_readable

AN_HOUR = timedelta(hours=1)

# Lines are read once their transaction is over, so these tests commit.
pytestmark = pytest.mark.django_db(transaction=True)


def rows() -> list[tuple[Any, ...]]:
    return [*OutcomeCount.objects.order_by("pk").values_list(), *LatencyCount.objects.order_by("pk").values_list()]


def told(at: datetime, tenant_id: UUID) -> None:
    first = a_notification(tenant_id, at=at)
    charged = {"cost_micros": 500, "currency": "EUR"}
    tell(tenant_id, first, "pending", "claimed", "sending", "sent", "delivered", at=at, charged=charged)
    tell(tenant_id, first, "skipped", at=at, channel="sms")
    later = a_notification(tenant_id, at=at + AN_HOUR, type="sale")
    tell(tenant_id, later, "pending", "claimed", "sending", "pending", "claimed", "sending", "dead", at=at + AN_HOUR)


def test_a_story_is_counted_by_time_channel_type_and_outcome(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)

    assert read_all() == 13

    columns = ("starts_at", "channel", "type", "outcome", "count", "attempts", "latency_ms", "cost_micros")
    hours = OutcomeCount.objects.filter(minutes=HOUR).order_by("starts_at", "channel", "outcome")
    assert list(hours.values_list(*columns)) == [
        (at, "email", "order", "delivered", 1, 0, 4000, 0),
        (at, "email", "order", "planned", 1, 0, 0, 0),
        (at, "email", "order", "sent", 1, 1, 3000, 500),
        (at, "sms", "order", "planned", 1, 0, 0, 0),
        (at, "sms", "order", "skipped", 1, 0, 0, 0),
        (at + AN_HOUR, "email", "sale", "dead", 1, 1, 6000, 0),
        (at + AN_HOUR, "email", "sale", "planned", 1, 0, 0, 0),
        (at + AN_HOUR, "email", "sale", "retried", 1, 1, 3000, 0),
    ]
    assert set(OutcomeCount.objects.values_list("tenant_id", "mode", "strategy")) == {(tenant_id, "live", "immediate")}
    assert set(OutcomeCount.objects.filter(cost_micros__gt=0).values_list("outcome", "currency")) == {("sent", "EUR")}
    assert list(LatencyCount.objects.filter(minutes=DAY).values_list("bucket", "count")) == [(23, 1)]  # 2.9 to 4.1 s


def test_every_grain_is_what_a_count_by_hand_comes_to(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)
    told(at + timedelta(minutes=50), tenant_id)
    read_all()

    for minutes in GRAINS:
        found = {
            (row.tenant_id, row.mode, row.starts_at, row.channel, row.type, row.strategy, row.outcome, row.currency):
            (row.count, row.attempts, row.timed, row.latency_ms, row.cost_micros)
            for row in OutcomeCount.objects.filter(minutes=minutes)
        }  # fmt: skip
        assert found == rows_of(everything(), minutes)
        took = Counter[int]()
        for bucket, number in LatencyCount.objects.filter(minutes=minutes).values_list("bucket", "count"):
            took[bucket] += number
        assert took == buckets_of(everything())


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
    assert set(OutcomeCount.objects.values_list("count", flat=True)) == {3}
    assert OutcomeCount.objects.get(outcome="delivered", minutes=DAY).latency_ms == 12_000


def test_a_batch_takes_as_many_statements_for_many_lines_as_for_few(
    tenant_id: UUID, at: datetime, django_assert_num_queries: Any
) -> None:
    Cursor.objects.create(consumer=CONSUMER)
    told(at, tenant_id)
    reader = StretchConsumer(CONSUMER, roll_up, 500)
    wait_until_readable()
    # BEGIN, look for the cursor twice, find the end, count, move the cursor, COMMIT
    with django_assert_num_queries(7):
        assert advance(reader) == 13
    for _ in range(20):
        told(at, tenant_id)
    wait_until_readable()
    with django_assert_num_queries(7):
        assert advance(reader) == 260


def test_what_waits_for_its_hour_is_timed_from_there(tenant_id: UUID, at: datetime) -> None:
    scheduled = a_notification(tenant_id, at=at, scheduled_at=at + AN_HOUR)
    local = a_notification(tenant_id, at=at, type="local", scheduled_local="2026-11-20T10:00:00")
    early = a_notification(tenant_id, at=at, type="skewed", created_at=at + 3 * AN_HOUR)
    for notification in (scheduled, local, early):
        tell(tenant_id, notification, "pending", "claimed", "sending", "sent", at=at + AN_HOUR)

    read_all()

    found = OutcomeCount.objects.filter(outcome="sent", minutes=DAY).order_by("type")
    assert list(found.values_list("type", "timed", "latency_ms")) == [
        ("local", 0, 0),  # differs from person to person
        ("order", 1, 3000),
        ("skewed", 1, 0),  # never less than nothing
    ]


def test_what_people_do_counts_once_and_machines_do_nothing(tenant_id: UUID, at: datetime) -> None:
    about = a_notification(tenant_id, at=at)
    path = ("pending", "claimed", "sending", "sent")
    clicked = tell(tenant_id, about, *path, at=at, then=("delivery.clicked", "delivery.opened", "delivery.clicked"))
    tell(tenant_id, about, *path, at=at, then=("delivery.opened", "delivery.converted", "delivery.unsubscribed"))
    tell(tenant_id, about, *path, at=at, then=("inbox.seen", "inbox.read", "delivery.complained"), channel="in_app")
    machine = NewEvent(tenant_id, "delivery.clicked", at, about, uuid4(), "automated", {"channel": "email"})
    left = NewEvent(tenant_id, "suppression.added", at, None, None, "unsubscribe", {"channel": "email"})
    bounced = NewEvent(tenant_id, "suppression.added", at, None, None, "hard_bounce", {"channel": "email"})
    record([machine, left, bounced])
    read_all(batch=2)
    record([NewEvent(tenant_id, "delivery.opened", at + AN_HOUR, about, clicked, detail={"channel": "email"})])
    read_all()

    engaged = OutcomeCount.objects.filter(minutes=DAY).exclude(outcome__in=[*ENDS, "planned"])
    assert sorted(engaged.values_list("channel", "type", "outcome", "count")) == [
        ("email", "", "unsubscribed", 1),
        ("email", "order", "clicked", 1),
        ("email", "order", "converted", 1),
        ("email", "order", "opened", 2),
        ("email", "order", "unsubscribed", 1),
        ("in_app", "order", "complained", 1),
        ("in_app", "order", "opened", 1),
    ]


def test_of_what_people_did_twice_the_first_that_was_written_counts(tenant_id: UUID, at: datetime) -> None:
    about = a_notification(tenant_id, at=at)
    delivery = uuid4()
    for moment in (at + AN_HOUR, at):
        record([NewEvent(tenant_id, "delivery.opened", moment, about, delivery, detail={"channel": "email"})])
    read_all()

    assert list(OutcomeCount.objects.filter(minutes=HOUR).values_list("starts_at", "count")) == [(at + AN_HOUR, 1)]


def test_test_messages_are_counted_apart(tenant_id: UUID, at: datetime) -> None:
    for mode in ("live", "test", "test"):
        tell(tenant_id, a_notification(tenant_id, at=at, mode=mode), "pending", at=at)
    read_all()

    assert sorted(OutcomeCount.objects.filter(minutes=HOUR).values_list("mode", "count")) == [("live", 1), ("test", 2)]


LINES = [
    ("planned", "delivery.planned", {"to": "pending"}, {"planned": (1, 0)}),
    ("planned to be skipped", "delivery.planned", {"to": "skipped"}, {"planned": (1, 0), "skipped": (1, 0)}),
    ("a call begins", "delivery.moved", {"from": "claimed", "to": "sending"}, {}),
    ("a call ends well", "delivery.moved", {"from": "sending", "to": "sent"}, {"sent": (1, 1)}),
    ("a receipt comes", "delivery.moved", {"from": "sent", "to": "delivered"}, {"delivered": (1, 0)}),
    ("a call is to be made again", "delivery.moved", {"from": "sending", "to": "pending"}, {"retried": (1, 1)}),
    ("a claim is given back", "delivery.moved", {"from": "claimed", "to": "pending"}, {}),
    ("an unknown one is taken up again", "delivery.moved", {"from": "unknown", "to": "pending"}, {}),
    ("an answer is lost", "delivery.moved", {"from": "sending", "to": "unknown"}, {"unknown": (1, 1)}),
    ("a call is refused", "delivery.moved", {"from": "sending", "to": "failed"}, {"failed": (1, 1)}),
    ("the last call fails", "delivery.moved", {"from": "sending", "to": "dead"}, {"dead": (1, 1)}),
    ("a later step is not needed", "delivery.moved", {"from": "pending", "to": "skipped"}, {"skipped": (1, 0)}),
    ("it took too long", "delivery.moved", {"from": "pending", "to": "expired"}, {"expired": (1, 0)}),
    ("called back at once", "deliveries.cancelled", {"count": 5, "channels": {"email": 3, "sms": 2}},
     {"cancelled": (5, 0)}),
    ("replayed", "dead_letter.replayed", {"from": "dead", "to": "pending"}, {}),
    ("something is accepted", "notification.accepted", {"recipients": 3}, {}),
]  # fmt: skip


def test_every_line_counts_for_what_it_tells(tenant_id: UUID, at: datetime) -> None:
    for number, (name, kind, detail, _) in enumerate(LINES):
        about = a_notification(tenant_id, at=at + timedelta(microseconds=number), type=name)
        record([NewEvent(tenant_id, kind, at, about, uuid4(), detail=detail)])
    read_all()

    found: dict[str, dict[str, tuple[int, int]]] = {name: {} for name, *_ in LINES}
    for row in OutcomeCount.objects.filter(minutes=HOUR):
        count, attempts = found[row.type].get(row.outcome, (0, 0))
        found[row.type][row.outcome] = (count + row.count, attempts + row.attempts)
    assert found == {name: expected for name, _, _, expected in LINES}


def test_every_state_in_which_work_ends_is_counted() -> None:
    assert {state.value for state in LEGAL} - {state.value for state in OPEN} <= set(ENDS) <= set(OUTCOMES)


def test_what_is_gone_is_counted_without_type_and_latency(tenant_id: UUID, at: datetime) -> None:
    tell(tenant_id, uuid4(), "pending", "claimed", "sending", "sent", at=at)
    read_all()

    row = OutcomeCount.objects.get(outcome="sent", minutes=HOUR)
    assert (row.mode, row.type, row.strategy, row.count, row.timed) == ("live", "", "", 1, 0)
    assert LatencyCount.objects.count() == 0


def test_starting_over_keeps_the_hours_that_the_log_no_longer_has(tenant_id: UUID, at: datetime) -> None:
    early = at - 3 * AN_HOUR
    told(early, tenant_id)
    told(at, tenant_id)
    read_all()
    whole = rows()
    Event.objects.filter(at__lt=at).delete()  # as when a month is dropped

    start_over()
    left = rows()
    wait_until_readable()
    call_command("rebuild_rollups", stdout=StringIO())

    assert {row[3] for row in left if row[2] == HOUR} == {early, early + AN_HOUR}
    assert rows() == whole


def test_without_a_log_nothing_is_forgotten(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)
    read_all()
    whole = rows()
    Event.objects.all().delete()

    assert start_over() == 0
    assert rows() == whole


def test_the_command_counts_everything_anew(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)
    read_all()
    whole = rows()
    OutcomeCount.objects.filter(outcome="sent").update(count=999)
    wait_until_readable()
    out = StringIO()

    call_command("rebuild_rollups", stdout=out)

    assert out.getvalue() == f"forgot {len(whole)} rows, read 13 lines\n"
    assert rows() == whole


def test_a_batch_that_fails_counts_nothing_and_is_read_again(tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)

    def broken(stretch: Any) -> None:
        roll_up(stretch)
        raise RuntimeError("in the middle")

    wait_until_readable()
    with pytest.raises(RuntimeError):
        advance(StretchConsumer(CONSUMER, broken, 100))

    assert rows() == []
    assert read_all() == 13


def test_the_consumer_leaves_a_few_lines_for_the_next_round(settings: Any) -> None:
    (reader,) = [reader for reader in registered() if reader.name == CONSUMER]

    assert reader.consume is roll_up
    assert reader.least == settings.ORCHESTRATOR.analytics_batch_size


def test_a_tenant_sees_its_own_counts_and_changes_none(tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    told(at, tenant_id)
    read_all()

    for model in (OutcomeCount, LatencyCount):
        with tenant_scope(tenant_id):
            mine = model._default_manager.count()
        with tenant_scope(other_tenant_id):
            theirs = model._default_manager.count()
        assert (mine > 0, theirs) == (True, 0)
        with pytest.raises(DatabaseError, match="permission denied"), tenant_scope(tenant_id):
            model._default_manager.update(count=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT sum(count) FROM analytics_outcomecount WHERE minutes = 1440")
        assert cursor.fetchone() == (8,)
