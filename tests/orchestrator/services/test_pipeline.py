"""The verbs of the pipeline over real PostgreSQL, with the in-app channel and an SMTP port where nobody answers."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import forget_accounts
from events.models import Event
from notifications.fields import AT_ONCE
from notifications.models import Attempt, Delivery, Notification, Tally
from orchestrator import pipeline
from orchestrator.models import DeadLetter
from orchestrator.services.calls import begin
from orchestrator.services.claim import claim_deliveries, claim_notifications
from orchestrator.services.moves import Written, late_proof, move
from orchestrator.services.planning import plan_batch
from orchestrator.services.recovery import give_up_holding, recover
from orchestrator.services.settle import settle_left_over
from orchestrator.timekeeper import look
from orchestrator.values import Move
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY_ANSWERS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
BOTH = {"email": {"subject": "Hi", "text": "Hi"}, **IN_APP}


@pytest.fixture(autouse=True)
def _no_mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = NOBODY_ANSWERS


def planned(**facts: Any) -> Notification:
    """A notification to Ana, planned but not sent."""
    tenant = facts.pop("tenant", None) or a_tenant()
    row = a_notification(tenant, recipients(tenant, "ana"), **{"content": IN_APP, **facts})
    assert pipeline.plan(row.priority) > 0
    return row


def states(row: Notification) -> list[tuple[str, str, str]]:
    found = Delivery.objects.filter(notification_id=row.id).order_by("step", "channel")
    return [(d.channel, d.state, d.reason) for d in found]


def kinds(row: Notification) -> list[str]:
    events = Event.objects.filter(notification_id=row.id).order_by("id")
    return [f"{e.kind}>{e.detail['to']}" if e.kind == "delivery.moved" else e.kind for e in events]


def make_due(row: Notification) -> None:
    Delivery.objects.filter(notification_id=row.id, state="pending").update(due_at=AT_ONCE)


def expire_leases(row: Notification) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    Delivery.objects.filter(notification_id=row.id, lease_until__isnull=False).update(lease_until=long_ago)


def test_a_notification_is_planned_sent_and_completed_with_every_step_in_its_timeline() -> None:
    row = planned()
    assert pipeline.send(1) == 1

    row.refresh_from_db()
    assert (row.status, row.planned_at is not None, row.first_sent_at is not None) == ("completed", True, True)
    assert states(row) == [("in_app", "delivered", "")]
    assert kinds(row) == [
        "delivery.planned",
        "delivery.moved>sending",
        "delivery.moved>sent",
        "delivery.moved>delivered",
        "notification.completed",
    ]
    assert [(a.number, a.outcome) for a in Attempt.objects.all()] == [(1, "sent")]


def test_planning_again_inserts_nothing_new() -> None:
    row = planned()
    Notification.objects.filter(id=row.id).update(due_at=AT_ONCE, plan_position="", planned_count=0)

    assert pipeline.plan(1) == 1

    assert Delivery.objects.count() == 1
    assert Event.objects.filter(kind="delivery.planned").count() == 1


def _queries_for(count: int) -> tuple[int, int]:
    tenant = a_tenant(f"tenant-{count}")
    people = recipients(tenant, *(f"p{n}" for n in range(count)))
    rows = [
        Notification(
            id=None, tenant_id=tenant.id, priority=3, strategy="immediate", content=IN_APP, status="queued",
            recipients=[{"id": str(id)}], recipient_count=1, created_at=datetime.now(UTC), due_at=AT_ONCE,
        )
        for id in people.values()
    ]  # fmt: skip
    for row in rows:
        row.id = Notification._meta.pk.get_default()
    Notification.objects.bulk_create(rows)
    forget_accounts()  # which are read once in a while: here each time
    with CaptureQueriesContext(connection) as plan_queries:
        assert pipeline.plan(3) == count
    forget_accounts()
    with CaptureQueriesContext(connection) as send_queries:
        assert pipeline.send(3) == count
    return _statements(plan_queries), _statements(send_queries)


def _statements(queries: CaptureQueriesContext) -> int:
    return sum(query["sql"] not in ("BEGIN", "COMMIT") for query in queries)


def test_a_batch_costs_the_same_statements_as_one() -> None:
    _queries_for(1)  # fills the caches of strategies and tenants

    one, fifty = _queries_for(2), _queries_for(50)

    assert one == fifty
    assert fifty[0] + fifty[1] <= 40  # both stages, with accounts read anew; scopes included


def test_what_is_begun_after_the_first_fifty_costs_few_statements() -> None:
    _queries_for(1)

    (_, fifty), (_, hundred) = _queries_for(50), _queries_for(100)

    assert 0 < hundred - fifty <= 8


def test_two_workers_never_claim_the_same_delivery() -> None:
    tenant = a_tenant()
    row = a_notification(tenant, recipients(tenant, *(f"p{n}" for n in range(200))), content=IN_APP)
    pipeline.plan(1)
    claimed: list[list[Any]] = [[] for _ in range(4)]

    def claim(mine: list[Any]) -> None:
        while batch := claim_deliveries(1, limit=7):
            mine += [d.id for d in batch]
        connection.close()

    workers = [threading.Thread(target=claim, args=(mine,)) for mine in claimed]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    every = [id for mine in claimed for id in mine]
    assert len(every) == len(set(every)) == 200
    assert Delivery.objects.filter(notification_id=row.id, state="claimed").count() == 200


def test_no_tenant_starves_another() -> None:
    greedy, modest = a_tenant("greedy"), a_tenant("modest")
    a_notification(greedy, recipients(greedy, *(f"p{n}" for n in range(300))), content=IN_APP)
    a_notification(modest, recipients(modest, "m"), content=IN_APP)
    pipeline.plan(1)

    batch = claim_deliveries(1, limit=50)

    assert sum(d.tenant_id == modest.id for d in batch) == 1


def test_trouble_is_retried_in_its_own_lane_and_ends_as_a_dead_letter() -> None:
    row = planned(content={"email": {"subject": "Hi", "text": "Hi"}})

    assert pipeline.send(1) == 1
    first = Delivery.objects.get()
    for _ in range(2):
        make_due(row)
        assert pipeline.send(pipeline.RETRY_LANE) == 1

    assert (first.state, first.lane, first.wait_reason) == ("pending", pipeline.RETRY_LANE, "backoff")
    assert states(row) == [("email", "dead", "attempts_exhausted")]
    assert [(a.number, a.outcome) for a in Attempt.objects.order_by("number")] == [
        (1, "retry"),
        (2, "retry"),
        (3, "retry"),
    ]
    assert [(d.reason, d.attempts, d.state) for d in DeadLetter.objects.all()] == [("attempts_exhausted", 3, "open")]
    row.refresh_from_db()
    assert row.status == "failed"


def test_an_earlier_step_that_succeeded_skips_the_later_ones() -> None:
    row = planned(content=BOTH, channels=["in_app", "email"], strategy="sequential")

    pipeline.send(1)

    assert states(row) == [("in_app", "delivered", ""), ("email", "skipped", "earlier_step_succeeded")]
    row.refresh_from_db()
    assert row.status == "completed"


def test_a_failed_step_brings_the_next_one_forward() -> None:
    row = planned(content=BOTH, channels=["email", "in_app"], strategy="sequential")
    before = Delivery.objects.get(channel="in_app").due_at

    pipeline.send(1)
    for _ in range(2):
        Delivery.objects.filter(channel="email", state="pending").update(due_at=AT_ONCE)
        pipeline.send(pipeline.RETRY_LANE)

    after = Delivery.objects.get(channel="in_app").due_at
    assert states(row)[0] == ("email", "failed", "attempts_exhausted")
    assert before - after > timedelta(minutes=50)
    assert after - datetime.now(UTC) < timedelta(seconds=61)
    assert "delivery.hastened" in kinds(row)
    assert not DeadLetter.objects.exists()


def test_what_expired_while_it_waited_is_not_sent() -> None:
    row = planned()
    Delivery.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    pipeline.send(1)

    row.refresh_from_db()
    assert (states(row), row.status) == ([("in_app", "expired", "expired")], "expired")
    assert not Attempt.objects.exists()


def test_a_notification_that_expired_before_planning_is_not_planned() -> None:
    tenant = a_tenant()
    row = a_notification(tenant, recipients(tenant, "ana"), expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    pipeline.plan(1)

    row.refresh_from_db()
    assert (row.status, row.reason, row.due_at) == ("expired", "expired", None)
    assert not Delivery.objects.exists()


def test_what_was_cancelled_after_its_claim_is_not_sent() -> None:
    row = planned()
    (claimed,) = claim_deliveries(1, limit=1)
    Delivery.objects.filter(id=claimed.id).update(state="cancelled", reason="cancelled", lease_until=None)

    begun = begin([(claimed, "inbox", "inbox")], at=claimed.at, lease=15)

    assert begun == set()
    assert states(row) == [("in_app", "cancelled", "cancelled")]
    assert not Attempt.objects.exists()


def test_a_worker_whose_lease_was_taken_over_can_write_nothing() -> None:
    row = planned()
    (claimed,) = claim_deliveries(1, limit=1)
    begin([(claimed, "inbox", "inbox")], at=claimed.at, lease=15)
    expire_leases(row)
    assert recover() == 1

    moved = move([Written(Move(claimed, "failed", "provider_rejected"), "sending", False, {})], at=claimed.at)

    assert moved == set()
    assert states(row) == [("in_app", "pending", "unknown_outcome")]


def test_proof_of_acceptance_is_written_whatever_the_epoch() -> None:
    row = planned()
    (claimed,) = claim_deliveries(1, limit=1)
    begin([(claimed, "inbox", "inbox")], at=claimed.at, lease=15)
    expire_leases(row)
    recover()

    proven = late_proof([Written(Move(claimed, "sent", message_id="m1"), "sending", True, {})], at=claimed.at)

    assert proven == {claimed.id}
    assert states(row) == [("in_app", "sent", "")]


@pytest.mark.parametrize(
    ("begun", "policy", "expected", "outcomes"),
    [
        pytest.param(False, "at_least_once", ("pending", "worker_lost"), [], id="nothing was sent"),
        pytest.param(True, "at_least_once", ("pending", "unknown_outcome"), ["unknown"], id="resend"),
        pytest.param(True, "at_most_once", ("pending", "unknown_outcome"), ["unknown"], id="the inbox honours keys"),
    ],
)
def test_a_dead_workers_lease_is_taken_over(
    begun: bool, policy: str, expected: tuple[str, str], outcomes: list[str]
) -> None:
    row = planned(unknown_policy=policy)
    (claimed,) = claim_deliveries(1, limit=1)
    if begun:
        begin([(claimed, "inbox", "inbox")], at=claimed.at, lease=15)
    expire_leases(row)

    assert recover() == 1
    assert recover() == 0

    assert states(row) == [("in_app", *expected)]
    assert [a.outcome for a in Attempt.objects.all()] == outcomes


def test_a_held_answer_that_never_comes_is_given_up() -> None:
    row = planned(content={"email": {"subject": "Hi", "text": "Hi"}}, unknown_policy="at_most_once")
    (claimed,) = claim_deliveries(1, limit=1)
    begin([(claimed, "smtp", "smtp")], at=claimed.at, lease=15)
    expire_leases(row)
    recover()
    assert states(row) == [("email", "unknown", "unknown_outcome")]
    assert give_up_holding() == 0

    Delivery.objects.update(due_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert give_up_holding() == 1

    row.refresh_from_db()
    assert (states(row), row.status) == ([("email", "failed", "unknown_outcome")], "failed")


def test_a_payload_that_kills_three_workers_is_poison() -> None:
    row = planned()
    for _ in range(3):
        make_due(row)
        assert len(claim_deliveries(1, limit=1)) == 1
        expire_leases(row)
        recover()

    assert states(row) == [("in_app", "dead", "poison")]
    assert [d.reason for d in DeadLetter.objects.all()] == ["poison"]


def test_a_notification_nobody_can_plan_is_poison_after_three_tries() -> None:
    tenant = a_tenant()
    row = a_notification(tenant, recipients(tenant, "ana"), recipients=[{"nobody": 1}])
    good = a_notification(tenant, recipients(tenant, "bob"), content=IN_APP)
    for _ in range(4):
        pipeline.plan(1)
        Notification.objects.filter(lease_until__isnull=False).update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))

    row.refresh_from_db()
    good.refresh_from_db()
    assert (row.status, row.reason) == ("failed", "poison")
    assert good.planned_at is not None


def test_the_counts_of_a_fan_out_are_kept_by_the_database() -> None:
    tenant = a_tenant()
    row = a_notification(tenant, recipients(tenant, *(f"p{n}" for n in range(120))), content=IN_APP)
    pipeline.plan(1)
    while pipeline.send(1):
        continue

    row.refresh_from_db()
    kept: dict[str, int] = {}
    for tally in Tally.objects.filter(notification_id=row.id):
        kept[tally.state] = kept.get(tally.state, 0) + tally.count
    assert {state: n for state, n in kept.items() if n} == {"delivered": 120}
    assert row.status == "completed"


def test_what_a_worker_left_unsettled_is_settled_later() -> None:
    row = planned()
    pipeline.send(1)
    Notification.objects.filter(id=row.id).update(status="processing", finished_at=None)

    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    Notification.objects.filter(id=row.id).update(planned_at=long_ago)
    assert settle_left_over(at=datetime.now(UTC)) == 1

    row.refresh_from_db()
    assert row.status == "completed"


def test_the_timekeeper_sees_what_is_due_and_when_the_next_thing_will_be() -> None:
    assert look().lanes == ()

    tenant = a_tenant()
    people = recipients(tenant, "ana")
    a_notification(tenant, people, content=IN_APP, due_at=datetime.now(UTC) + timedelta(seconds=30), status="scheduled")
    found = look()
    assert found.lanes == ()
    assert found.next_seconds == pytest.approx(30, abs=2)

    a_notification(tenant, people, content=IN_APP, priority=0)
    assert look().lanes == ("plan.critical",)

    pipeline.plan(0)
    assert look().lanes == ("send.critical",)

    claim_deliveries(0, limit=1)
    found = look()
    assert (found.lanes, found.recover) == ((), False)
    assert found.next_seconds == pytest.approx(15, abs=2)

    Delivery.objects.update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
    assert look().recover


def test_a_notification_whose_planner_died_is_claimed_again_when_its_lease_is_over() -> None:
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)
    assert len(claim_notifications(1, limit=5)) == 1
    assert claim_notifications(1, limit=5) == []

    Notification.objects.update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
    (again,) = claim_notifications(1, limit=5)

    assert (again.lease_epoch, again.crashes) == (2, 1)
    assert plan_batch([again]).finished == [again.id]


def test_large_audiences_are_planned_in_pages_the_first_one_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.services.planning.PAGE", 40)
    monkeypatch.setattr("orchestrator.services.planning.FIRST_PAGE", 10)
    tenant = a_tenant()
    row = a_notification(tenant, recipients(tenant, *(f"p{n}" for n in range(100))), content=IN_APP)

    counts = []
    while pipeline.plan(1):
        row.refresh_from_db()
        counts.append(row.planned_count)

    assert counts == [10, 50, 90, 100]
    assert (row.planned_count, row.plan_position, row.due_at) == (100, "100", None)
    assert Delivery.objects.filter(notification_id=row.id).count() == 100
