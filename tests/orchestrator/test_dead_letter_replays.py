"""Trying dead letters again: once, at a limited rate, with a new budget, and with somebody's name to it."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, transaction

from events import bells
from events.models import Event
from notifications.models import Delivery, Notification
from orchestrator.models import DeadLetter, Timekeeper
from orchestrator.services import replays
from orchestrator.services.dead_letters import Narrowing, discard
from orchestrator.services.replays import Matching, Named, Replayed, rehearse, replay
from orchestrator.services.timers import NOTIFY_CHANNEL
from tenants.models import AuditEntry
from tests.orchestrator.ledger_rows import due_of, letter_of, make_dead, make_delivery, make_notification

LATER = timedelta(hours=1)
EVERYTHING = Matching(Narrowing())


def replay_now(selection: object, tenant_id: UUID, at: datetime, *, rate: int = 50) -> Replayed:
    return replay(selection, tenant_id=tenant_id, rate_per_second=rate, actor="key:a", at=at)  # type: ignore[arg-type]


def test_a_replayed_delivery_is_pending_with_a_new_budget(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, status="failed", finished_at=at)
    delivery = make_dead(tenant_id, at=at, notification=notification, crashes=2, expires_at=at)

    done = replay_now(EVERYTHING, tenant_id, at + LATER)

    delivery.refresh_from_db()
    assert done == Replayed(matched=1, replayed=1, last_due_at=at + LATER)
    assert (delivery.state, delivery.reason, delivery.wait_reason, delivery.lane) == ("pending", "", "", 5)
    assert (delivery.attempts, delivery.attempts_before, delivery.crashes) == (3, 3, 0)
    assert (delivery.expires_at, delivery.failed_at) == (at + LATER + timedelta(days=1), None)
    assert due_of(delivery) == "-infinity"


def test_its_notification_is_at_work_again(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)

    replay_now(EVERYTHING, tenant_id, at)

    notification = Notification.objects.get(id=delivery.notification_id)
    assert (notification.status, notification.finished_at) == ("processing", None)


ENDS = [
    pytest.param("completed", "", "", id="completed"),
    pytest.param("failed", "poison", "replayed_after_poison", id="failed"),
    pytest.param("cancelled", "cancelled", "replayed_after_cancelled", id="cancelled"),
    pytest.param("expired", "replayed_after_expired", "replayed_after_expired", id="replayed before"),
]


@pytest.mark.parametrize(("status", "reason", "expected"), ENDS)
def test_however_the_notification_ended(tenant_id: UUID, at: datetime, status: str, reason: str, expected: str) -> None:
    notification = make_notification(tenant_id, at=at, status=status, planned_at=None, reason=reason)
    make_dead(tenant_id, at=at, notification=notification)

    replay_now(EVERYTHING, tenant_id, at + LATER)

    notification.refresh_from_db()
    assert (notification.status, notification.reason) == ("processing", expected)
    assert notification.planned_at == at + LATER  # nobody goes on planning it, so settling must find it planned


EXPIRIES = [
    pytest.param(None, None, id="one that never expires never does"),
    pytest.param(timedelta(hours=1), timedelta(days=1), id="one that is nearly over has a day"),
    pytest.param(timedelta(days=9), timedelta(days=9), id="one that has longer keeps it"),
]


@pytest.mark.parametrize(("left", "expected"), EXPIRIES)
def test_it_has_time_to_be_sent(
    tenant_id: UUID, at: datetime, left: timedelta | None, expected: timedelta | None
) -> None:
    delivery = make_dead(tenant_id, at=at, expires_at=None if left is None else at + left)

    replay_now(EVERYTHING, tenant_id, at)

    delivery.refresh_from_db()
    assert delivery.expires_at == (None if expected is None else at + expected)


def test_the_letter_the_log_and_the_trail_say_who_replayed_what(tenant_id: UUID, at: datetime) -> None:
    deliveries = [make_dead(tenant_id, at=at) for _ in range(2)]
    first, second = sorted(deliveries, key=lambda delivery: delivery.id)

    replay_now(Matching(Narrowing(channel="email")), tenant_id, at + LATER, rate=4)

    letter = letter_of(first)
    assert (letter.state, letter.replays, letter.replayed_at) == ("replayed", 1, at + LATER)
    events = Event.objects.filter(kind="dead_letter.replayed").order_by("delivery_id")
    moved = {"from": "dead", "to": "pending", "channel": "email", "replays": 1}
    assert [(event.delivery_id, event.actor, event.detail) for event in events] == [
        (first.id, "key:a", moved),
        (second.id, "key:a", {**moved, "due_at": "2026-11-20T13:00:00.250000Z"}),
    ]
    entry = AuditEntry.objects.get(action="dead_letters.replayed")
    said = {"count": 2, "rate_per_second": 4, "by": {"state": "open", "channel": "email"}}
    assert (entry.actor, entry.detail) == ("key:a", said)


def test_no_two_are_due_closer_together_than_the_rate_allows(tenant_id: UUID, at: datetime) -> None:
    deliveries = sorted([make_dead(tenant_id, at=at) for _ in range(5)], key=lambda delivery: delivery.id)

    done = replay_now(EVERYTHING, tenant_id, at, rate=10)

    assert done.last_due_at == at + timedelta(milliseconds=400)
    tenths = [at + timedelta(milliseconds=100 * number) for number in range(1, 5)]
    assert [due_of(delivery) for delivery in deliveries] == ["-infinity", *tenths]
    waits = Delivery.objects.order_by("id").values_list("wait_reason", flat=True)
    assert list(waits) == ["", "throttled", "throttled", "throttled", "throttled"]


def test_a_run_of_several_calls_keeps_its_rate(tenant_id: UUID, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "MOST_AT_ONCE", 2)
    deliveries = sorted([make_dead(tenant_id, at=at) for _ in range(3)], key=lambda delivery: delivery.id)

    first = replay(EVERYTHING, tenant_id=tenant_id, rate_per_second=1, actor="test", at=at)
    second = replay(EVERYTHING, tenant_id=tenant_id, rate_per_second=1, actor="test", at=at, after=first.replayed)

    assert (first.matched, first.replayed, first.remaining) == (3, 2, 1)
    assert second == Replayed(matched=1, replayed=1, last_due_at=at + timedelta(seconds=2))
    seconds = [at + timedelta(seconds=number) for number in (1, 2)]
    assert [due_of(delivery) for delivery in deliveries] == ["-infinity", *seconds]


def test_a_rehearsal_says_what_would_be_and_changes_nothing(tenant_id: UUID, at: datetime) -> None:
    deliveries = [make_dead(tenant_id, at=at) for _ in range(3)]

    found = rehearse(EVERYTHING, tenant_id=tenant_id, rate_per_second=2, at=at)

    assert found == Replayed(matched=3, replayed=0, last_due_at=at + timedelta(seconds=1))
    assert {letter_of(delivery).state for delivery in deliveries} == {"open"}
    assert not Delivery.objects.exclude(state="dead").exists()
    assert not Event.objects.filter(kind="dead_letter.replayed").exists()
    assert not AuditEntry.objects.filter(action="dead_letters.replayed").exists()


def test_nothing_to_replay_is_not_written_down(tenant_id: UUID, at: datetime) -> None:
    done = replay_now(EVERYTHING, tenant_id, at)

    assert done == Replayed(matched=0, replayed=0, last_due_at=None)
    assert not AuditEntry.objects.filter(action="dead_letters.replayed").exists()


def test_the_second_click_finds_nothing(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)
    named = Named([delivery.id])
    replay_now(named, tenant_id, at)

    assert replay_now(named, tenant_id, at) == Replayed(matched=0, replayed=0, last_due_at=None)
    assert replay_now(EVERYTHING, tenant_id, at) == Replayed(matched=0, replayed=0, last_due_at=None)
    assert letter_of(delivery).replays == 1
    assert Event.objects.filter(kind="dead_letter.replayed").count() == 1


def test_a_failed_delivery_is_replayed_when_it_is_named(tenant_id: UUID, at: datetime) -> None:
    failed = make_delivery(make_notification(tenant_id, at=at, status="failed"), state="failed", attempts=1)

    by_filter = replay_now(EVERYTHING, tenant_id, at)
    by_name = replay_now(Named([failed.id]), tenant_id, at)

    failed.refresh_from_db()
    assert (by_filter.replayed, by_name.replayed, failed.state) == (0, 1, "pending")
    assert not DeadLetter.objects.exists()
    detail = Event.objects.get(kind="dead_letter.replayed").detail
    assert detail == {"from": "failed", "to": "pending", "channel": "email"}


def test_a_discarded_one_is_replayed_only_when_it_is_named(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)
    discard([delivery.id], tenant_id=tenant_id, reason="", actor="test", at=at)

    assert replay_now(EVERYTHING, tenant_id, at).replayed == 0
    assert replay_now(Named([delivery.id]), tenant_id, at).replayed == 1


STATES = ["pending", "claimed", "sending", "unknown", "sent", "delivered", "bounced", "cancelled", "expired", "skipped"]


@pytest.mark.parametrize("state", STATES)
def test_nothing_else_is_ever_replayed(tenant_id: UUID, at: datetime, state: str) -> None:
    delivery = make_delivery(make_notification(tenant_id, at=at), state=state)

    done = replay_now(Named([delivery.id, uuid4()]), tenant_id, at)

    delivery.refresh_from_db()
    assert (done.matched, done.replayed, delivery.state) == (0, 0, state)


def test_what_belongs_to_another_tenant_is_left_alone(tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    theirs = make_dead(other_tenant_id, at=at)

    by_name = replay_now(Named([theirs.id]), tenant_id, at)
    by_filter = replay_now(EVERYTHING, tenant_id, at)

    theirs.refresh_from_db()
    assert (by_name.matched, by_filter.matched, theirs.state) == (0, 0, "dead")


def test_a_letter_whose_delivery_was_sent_after_all_is_not_replayed(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)
    Delivery.objects.filter(id=delivery.id).update(state="sent", provider_message_id="m-1")

    assert rehearse(EVERYTHING, tenant_id=tenant_id, rate_per_second=1, at=at).matched == 0
    assert replay_now(EVERYTHING, tenant_id, at).replayed == 0


def test_the_number_of_statements_does_not_grow(
    tenant_id: UUID, at: datetime, django_assert_num_queries: Callable[..., object]
) -> None:
    for _ in range(20):
        make_dead(tenant_id, at=at)

    with django_assert_num_queries(11):  # type: ignore[attr-defined]
        assert replay_now(EVERYTHING, tenant_id, at).replayed == 20


@pytest.mark.django_db(transaction=True)
def test_of_many_hands_at_once_one_replays(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at, recipients=40, status="failed")
    deliveries = [make_dead(tenant_id, at=at, notification=notification) for _ in range(40)]
    ids = [delivery.id for delivery in deliveries]
    together = threading.Barrier(6)
    found: list[Replayed | Exception] = []

    def click(number: int) -> None:
        try:
            together.wait()
            selection = Named(ids if number % 2 else ids[::-1]) if number % 3 else EVERYTHING
            found.append(replay_now(selection, tenant_id, at))
        except Exception as trouble:  # noqa: BLE001 - told below, in the thread that asserts
            found.append(trouble)
        finally:
            connection.close()

    hands = [threading.Thread(target=click, args=(number,)) for number in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    replayed = [done.replayed if isinstance(done, Replayed) else done for done in found]
    assert sum(number for number in replayed if isinstance(number, int)) == 40, replayed
    assert set(DeadLetter.objects.values_list("state", "replays")) == {("replayed", 1)}
    assert Event.objects.filter(kind="dead_letter.replayed").count() == 40
    assert Delivery.objects.filter(state="pending").count() == 40


@pytest.mark.django_db(transaction=True)
def test_a_notification_that_is_being_finished_is_waited_for_and_opened(tenant_id: UUID, at: datetime) -> None:
    notification = make_notification(tenant_id, at=at)
    make_dead(tenant_id, at=at, notification=notification)
    finishing, done = threading.Event(), threading.Event()

    def finish() -> None:
        with transaction.atomic():
            Notification.objects.filter(id=notification.id).update(status="failed", finished_at=at)
            finishing.set()
            done.wait(0.5)  # the replay has begun and waits for this row
        connection.close()

    worker = threading.Thread(target=finish)
    worker.start()
    finishing.wait()
    replay_now(EVERYTHING, tenant_id, at)
    done.set()
    worker.join()

    notification.refresh_from_db()
    assert (notification.status, notification.finished_at) == ("processing", None)


def test_the_lane_is_rung_when_the_replay_is_committed(
    tenant_id: UUID,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[object]]],
) -> None:
    rung: list[frozenset[str]] = []
    monkeypatch.setattr(bells, "ring", rung.append)
    make_dead(tenant_id, at=at)

    with django_capture_on_commit_callbacks(execute=True):
        replay_now(EVERYTHING, tenant_id, at)
        assert rung == []
    with django_capture_on_commit_callbacks(execute=True):
        replay_now(EVERYTHING, tenant_id, at)

    assert rung == [frozenset({"dead"})]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("count", "woken"), [pytest.param(1, 0, id="due at once: the bell wakes"), pytest.param(3, 1, id="due later")]
)
def test_a_sleeping_timekeeper_is_woken_for_what_is_due_later(
    tenant_id: UUID, at: datetime, count: int, woken: int
) -> None:
    now = datetime.now(UTC)
    Timekeeper.objects.create(wakes_at=now + timedelta(days=1), seen_at=now)
    for _ in range(count):
        make_dead(tenant_id, at=at)

    with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as listener:
        listener.execute(f"LISTEN {NOTIFY_CHANNEL}")
        replay_now(EVERYTHING, tenant_id, now)
        heard = list(listener.notifies(timeout=0.2))

    assert len(heard) == woken
