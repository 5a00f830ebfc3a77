"""Calling back: everything that waits stops, what is at a provider goes on, whoever is at work meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from ledger_api import a_delivery

from events.models import Event
from notifications.models import Delivery, Notification, Tally
from notifications.rules.states import FANOUT
from notifications.services import cancel as cancel_module
from notifications.services.cancel import Cancelled, TooLate, cancel, cancel_by_key, stop_left_over
from orchestrator import pipeline
from orchestrator.services.calls import begin
from orchestrator.services.claim import claim_deliveries, claim_notifications
from orchestrator.services.planning import plan_batch
from orchestrator.services.settle import settle
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import make

AT = make.AT
LATER = AT + timedelta(minutes=5)


def call_back(row: Notification) -> Cancelled | TooLate:
    (answer,) = cancel(tenant_id=row.tenant_id, ids=[row.id], actor="key:test", at=LATER)
    row.refresh_from_db()
    return answer


def at_work(tenant: Tenant, **facts: object) -> Notification:
    """A notification that is planned and being sent."""
    defaults = {"status": "processing", "planned_at": AT, "due_at": None, "recipient_count": 3}
    return make.a_notification(tenant, {}, **{**defaults, **facts})


def states(row: Notification) -> list[tuple[str, str]]:
    return sorted(Delivery.objects.filter(notification_id=row.id).values_list("state", "reason"))


def story(row: Notification) -> list[tuple[str, str]]:
    events = Event.objects.filter(notification_id=row.id).order_by("id")
    return [(event.kind, event.reason) for event in events]


@pytest.mark.django_db
class TestOne:
    def test_before_it_is_planned_it_never_will_be(self, tenant: Tenant, people: dict[str, UUID]) -> None:
        row = make.a_notification(tenant, people, status="scheduled", due_at=LATER)

        assert call_back(row) == Cancelled(row.id, "cancelled", 0)

        assert (row.status, row.reason, row.finished_at, row.due_at) == ("cancelled", "cancelled", LATER, None)
        assert story(row) == [("notification.cancelled", "cancelled")]
        assert claim_notifications(row.priority, limit=10) == []

    def test_all_that_waits_or_is_merely_claimed_stops(self, tenant: Tenant) -> None:
        row = at_work(tenant)
        waiting = a_delivery(row, state="pending", wait_reason="quiet_hours", due_at=LATER)
        claimed = a_delivery(row, state="claimed", lease_epoch=4)
        a_delivery(row, state="skipped", reason="no_endpoint")

        assert call_back(row) == Cancelled(row.id, "cancelled", 2)

        assert states(row) == [("cancelled", "cancelled"), ("cancelled", "cancelled"), ("skipped", "no_endpoint")]
        waiting.refresh_from_db()
        claimed.refresh_from_db()
        assert (waiting.due_at, waiting.wait_reason, waiting.lease_epoch) == (None, "", 1)
        assert (claimed.lease_until, claimed.lease_epoch) == (None, 5)
        events = Event.objects.filter(notification_id=row.id, kind="delivery.moved").order_by("detail__from")
        assert [(e.delivery_id, e.detail, e.actor) for e in events] == [
            (claimed.id, {"from": "claimed", "to": "cancelled", "channel": "email"}, "key:test"),
            (waiting.id, {"from": "pending", "to": "cancelled", "channel": "email"}, "key:test"),
        ]

    @pytest.mark.parametrize("state", ["sending", "unknown"])
    def test_what_is_at_a_provider_goes_on_and_ends_it(self, tenant: Tenant, state: str) -> None:
        row = at_work(tenant, planned_at=None, due_at=AT, lease_until=LATER, lease_epoch=2)
        gone_out = a_delivery(row, state=state)
        a_delivery(row, state="pending")

        assert call_back(row) == Cancelled(row.id, "processing", 1)

        assert (row.status, row.reason, row.finished_at) == ("processing", "cancelled", None)
        assert (row.planned_at, row.due_at, row.lease_until, row.lease_epoch) == (LATER, None, None, 3)
        Delivery.objects.filter(id=gone_out.id).update(
            state="sent", provider_message_id="m", due_at=None, lease_until=None
        )
        assert settle([row.id], at=LATER) == 1
        row.refresh_from_db()
        assert (row.status, row.reason) == ("completed", "cancelled")

    def test_what_was_sent_in_part_is_completed(self, tenant: Tenant) -> None:
        row = at_work(tenant)
        a_delivery(row, state="sent")
        a_delivery(row, state="pending")

        assert call_back(row) == Cancelled(row.id, "completed", 1)

        assert story(row) == [
            ("notification.cancelled", "cancelled"),
            ("delivery.moved", "cancelled"),
            ("notification.completed", "cancelled"),
        ]

    @pytest.mark.parametrize("other", ["sending", "sent", "skipped"])
    def test_twice_is_once(self, tenant: Tenant, other: str) -> None:
        row = at_work(tenant)
        a_delivery(row, state="pending")
        a_delivery(row, state=other)
        first = call_back(row)
        told = story(row)

        assert call_back(row) == first

        assert story(row) == told

    @pytest.mark.parametrize("status", ["completed", "failed", "expired"])
    def test_what_has_finished_is_too_late(self, tenant: Tenant, status: str) -> None:
        row = at_work(tenant, status=status, finished_at=AT)
        a_delivery(row, state="sent")

        assert call_back(row) == TooLate(row.id, status)

        assert (row.reason, story(row), states(row)) == ("", [], [("sent", "")])

    def test_of_another_tenant_it_is_not_there(self, tenant: Tenant, stranger: Tenant) -> None:
        row = at_work(tenant)
        a_delivery(row, state="pending")

        assert cancel(tenant_id=stranger.id, ids=[row.id], actor="x", at=LATER) == []

        assert states(row) == [("pending", "")]

    def test_a_large_one_is_told_in_one_line_and_its_tallies_follow(
        self, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cancel_module, "MOST_EVENTS", 3)
        row = at_work(tenant, recipient_count=FANOUT)
        for channel in ("email", "sms", "sms", "push"):
            a_delivery(row, state="pending", channel=channel, tallied=True)

        assert call_back(row) == Cancelled(row.id, "cancelled", 4)

        assert story(row) == [("notification.cancelled", "cancelled"), ("deliveries.cancelled", "cancelled")]
        told = Event.objects.get(kind="deliveries.cancelled")
        assert told.detail == {"count": 4, "channels": {"email": 1, "sms": 2, "push": 1}}
        assert sum(Tally.objects.filter(state="cancelled").values_list("count", flat=True)) == 4

    def test_what_is_too_much_at_once_is_stopped_in_rounds(
        self, tenant: Tenant, stranger: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cancel_module, "MOST_STOPPED", 2)
        row, finished, others = at_work(tenant), at_work(tenant), at_work(stranger)
        for _ in range(5):
            a_delivery(row, state="pending")
        a_delivery(finished, state="sending")
        a_delivery(others, state="pending")
        call_back(finished)

        assert call_back(row) == Cancelled(row.id, "processing", 2)
        assert [stop_left_over(at=LATER + timedelta(seconds=i)) for i in (1, 2, 3)] == [2, 1, 0]

        row.refresh_from_db()
        assert (row.status, set(states(row)), states(others)) == (
            "cancelled",
            {("cancelled", "cancelled")},
            [("pending", "")],
        )
        assert story(row) == [("notification.cancelled", "cancelled"), *[("delivery.moved", "cancelled")] * 5]

    def test_it_takes_as_many_statements_for_hundred_as_for_one(self, tenant: Tenant) -> None:
        found = set()
        for size in (1, 100):
            rows = [at_work(tenant) for _ in range(size)]
            for row in rows:
                a_delivery(row, state="pending")
            with CaptureQueriesContext(connection) as captured:
                cancel(tenant_id=tenant.id, ids=[row.id for row in rows], actor="x", at=LATER)
            found.add(len(captured))

        assert found == {12}


@pytest.mark.django_db
def test_a_key_calls_back_all_that_is_left_and_nothing_of_others(tenant: Tenant, stranger: Tenant) -> None:
    mine = [at_work(tenant, cancellation_key="cart-1") for _ in range(2)]
    for row in mine:
        a_delivery(row, state="pending")
    at_work(tenant, cancellation_key="cart-1", status="completed", finished_at=AT)
    at_work(tenant, cancellation_key="cart-2")
    at_work(stranger, cancellation_key="cart-1")

    answers = cancel_by_key(tenant_id=tenant.id, cancellation_key="cart-1", actor="x", at=LATER)

    assert answers == [Cancelled(row.id, "cancelled", 1) for row in mine]
    assert Notification.objects.filter(status="processing").count() == 2
    assert cancel_by_key(tenant_id=tenant.id, cancellation_key="cart-9", actor="x", at=LATER) == []


@contextmanager
def beside() -> Iterator[list[threading.Thread]]:
    """Threads that are waited for; each must close its own connection."""
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def in_thread(threads: list[threading.Thread], work: object) -> None:
    def run() -> None:
        try:
            work()  # type: ignore[operator]
        finally:
            connection.close()

    threads.append(threading.Thread(target=run))
    threads[-1].start()


@pytest.mark.django_db(transaction=True)
class TestBesideWorkers:
    def test_a_page_being_planned_loses_its_lease(self) -> None:
        tenant = make.a_tenant()
        row = make.a_notification(tenant, make.recipients(tenant, "ana"), content=make.IN_APP)
        claimed = claim_notifications(row.priority, limit=10)

        assert call_back(row) == Cancelled(row.id, "cancelled", 0)

        assert plan_batch(claimed).finished == []
        assert states(row) == []

    def test_what_a_worker_has_claimed_it_cannot_begin(self) -> None:
        tenant = make.a_tenant()
        row = make.a_notification(tenant, make.recipients(tenant, "ana"), content=make.IN_APP)
        pipeline.plan(row.priority)
        claimed = claim_deliveries(row.priority, limit=10)

        assert call_back(row) == Cancelled(row.id, "cancelled", 1)

        with transaction.atomic():
            assert begin([(delivery, "inbox", "inbox") for delivery in claimed], at=AT, lease=15) == set()

    def test_a_claim_that_is_not_yet_committed_is_found_a_moment_later(self) -> None:
        tenant = make.a_tenant()
        row = at_work(tenant)
        delivery = a_delivery(row, state="pending")
        held, release = threading.Event(), threading.Event()

        def claim() -> None:
            with transaction.atomic():
                Delivery.objects.filter(id=delivery.id).update(
                    state="claimed", lease_epoch=1, due_at=None, lease_until=LATER
                )
                held.set()
                assert release.wait(10)

        with beside() as threads:
            in_thread(threads, claim)
            assert held.wait(10)
            threading.Timer(0.015, release.set).start()
            assert call_back(row) == Cancelled(row.id, "cancelled", 1)

        delivery.refresh_from_db()
        assert (delivery.state, delivery.lease_epoch) == ("cancelled", 2)

    def test_a_worker_that_waits_for_the_notification_is_not_waited_for(self) -> None:
        """It holds a later step and wants the notification, which we hold: waiting for it would be a deadlock."""
        tenant = make.a_tenant()
        row = at_work(tenant)
        later_step = a_delivery(row, state="pending")
        held = threading.Event()

        def settle_success() -> None:
            with transaction.atomic():
                Delivery.objects.filter(id=later_step.id).update(
                    state="skipped", reason="earlier_step_succeeded", due_at=None
                )
                held.set()
                Notification.objects.filter(id=row.id).update(first_sent_at=AT)

        with beside() as threads, tenant_scope(tenant.id):
            Notification.objects.select_for_update().get(id=row.id)
            in_thread(threads, settle_success)
            assert held.wait(10)
            answers = cancel(tenant_id=tenant.id, ids=[row.id], actor="x", at=LATER)

        assert answers == [Cancelled(row.id, "processing", 0)]
        row.refresh_from_db()
        assert (states(row), row.reason) == ([("skipped", "earlier_step_succeeded")], "cancelled")
