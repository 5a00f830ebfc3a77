"""The real services over PostgreSQL, driven at random: workers die, answers are lost or late, people cancel and replay.

`test_model_check` walks every way of one delivery in a model; this walks random ways of a few in the real thing.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django import Settings

from channels_app.contract import Message, Receipt, Refused, Retry, SendResult, Sent, Unknown
from channels_app.values import NOT_BEGUN, ReceiptKind
from notifications.fields import AT_ONCE
from notifications.models import Attempt, Delivery, Notification, Tally
from notifications.services.cancel import cancel
from orchestrator import pipeline
from orchestrator.models import DeadLetter
from orchestrator.services import sending
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.hearing import Told, hear_batch
from orchestrator.services.ledger import balance
from orchestrator.services.ledger_checks import findings
from orchestrator.services.recovery import give_up_holding, recover
from orchestrator.services.replays import Named, replay
from orchestrator.services.settle import settle
from tests.make import a_notification, a_tenant, recipients

RUNS = 5_000 if os.environ.get("CARILLON_FAULTS") == "long" else 30
LANES = (1, pipeline.RETRY_LANE, pipeline.REPLAY_LANE)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MOST = 6  # notifications in one run
OPEN = ("pending", "claimed", "sending", "unknown")

# What the provider does with a message, and what its worker hears of it.
TAKEN = {"sent": Sent("m-1"), "taken, answer lost": Unknown("timeout")}
NOT_TAKEN = {
    "answer lost": Unknown("timeout"),
    "temporary error": Retry("smtp_451"),
    "refused": Refused("smtp_550"),
    "no turn": Retry(NOT_BEGUN),
}
FATES = st.lists(st.sampled_from([*TAKEN, *NOT_TAKEN]), min_size=1, max_size=4)


class WorkerDied(BaseException):
    """kill -9, as seen from inside."""


def _die() -> None:
    raise WorkerDied


class Provider:
    """Does what it is told, and remembers what it took."""

    timeout_seconds = 10.0

    def __init__(self) -> None:
        self.taken: Counter[UUID] = Counter()
        self.fates: Sequence[str] = ("sent",)
        self.meanwhile: Callable[[], None] | None = None  # what happens between taking and answering

    def send(self, messages: Sequence[Message], *, deadline: float) -> list[SendResult]:
        fates, meanwhile = self.fates, self.meanwhile
        self.fates, self.meanwhile = ("sent",), None
        answers = [self._answer(message, fates[index % len(fates)]) for index, message in enumerate(messages)]
        if meanwhile is not None:
            meanwhile()
        return answers

    def _answer(self, message: Message, fate: str) -> SendResult:
        if fate in TAKEN:
            self.taken[message.delivery_id] += 1
            return TAKEN[fate]
        return NOT_TAKEN[fate]


class Deliveries(RuleBasedStateMachine):
    """Three people, some notifications to all of them, one provider without a key."""

    provider: Provider
    notifications: list[UUID] = []

    @initialize(policy=st.sampled_from(["at_least_once", "at_most_once"]))
    def accepted(self, policy: str) -> None:
        type(self).provider = Provider()
        self.policy, self.replays = policy, 0
        self.tenant = a_tenant(uuid4().hex)
        self.people = recipients(self.tenant, "ana", "bob", "eve")
        self.notifications: list[UUID] = []
        self.more_is_accepted()

    @precondition(lambda self: len(self.notifications) < MOST)
    @rule()
    def more_is_accepted(self) -> None:
        self.notifications.append(a_notification(self.tenant, self.people, unknown_policy=self.policy).id)
        pipeline.plan(1)

    @rule(fates=FATES)
    def a_worker_sends(self, fates: list[str]) -> None:
        self.provider.fates = fates
        self._send()

    @rule(fates=FATES)
    def a_worker_dies_in_the_middle_of_its_calls(self, fates: list[str]) -> None:
        self.provider.fates, self.provider.meanwhile = fates, _die
        self._send()

    @rule(fates=FATES, others=FATES, others_die=st.booleans())
    def a_worker_is_so_slow_that_others_take_over(self, fates: list[str], others: list[str], others_die: bool) -> None:
        def take_over() -> None:
            self.leases_run_out()
            recover()
            self.waits_are_over()
            self.provider.fates, self.provider.meanwhile = others, _die if others_die else None
            self._send()

        self.provider.fates, self.provider.meanwhile = fates, take_over
        self._send()

    @rule(fates=FATES, others=FATES, lane=st.sampled_from(LANES))
    def a_worker_falls_asleep_between_its_claim_and_its_calls(
        self, fates: list[str], others: list[str], lane: int
    ) -> None:
        claimed = claim_deliveries(lane, limit=3)
        self.leases_run_out()
        recover()
        self.provider.fates, self.provider.meanwhile = others, _die
        self._send()
        self.provider.fates = fates
        if claimed:
            sending.send_batch(claimed)

    @rule(limit=st.integers(1, 3))
    def a_worker_dies_before_its_calls(self, limit: int) -> None:
        for lane in LANES:
            claim_deliveries(lane, limit=limit)

    @rule()
    def leases_run_out(self) -> None:
        Delivery.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)

    @rule()
    def the_timekeeper_recovers(self) -> None:
        recover()

    @rule()
    def waits_are_over(self) -> None:
        Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)

    @rule()
    def holding_ends(self) -> None:
        Delivery.objects.filter(state="unknown").update(due_at=LONG_AGO)
        give_up_holding()

    @rule()
    def somebody_calls_the_last_one_back(self) -> None:
        cancel(tenant_id=self.tenant.id, ids=self.notifications[-1:], actor="test", at=datetime.now(UTC))

    @rule()
    def somebody_replays_what_failed(self) -> None:
        ids = list(Delivery.objects.filter(state__in=("dead", "failed")).values_list("id", flat=True))
        done = replay(Named(ids), tenant_id=self.tenant.id, rate_per_second=1000, actor="test", at=datetime.now(UTC))
        self.replays += bool(done.replayed)

    @rule(kind=st.sampled_from(["accepted", "delivered", "bounced", "failed"]))
    def the_provider_reports(self, kind: ReceiptKind) -> None:
        at = datetime.now(UTC)
        accounts = dict(Attempt.objects.values_list("delivery_id", "account"))
        hear_batch([Told(Receipt(kind, at, delivery_id=id), accounts[id]) for id in self.provider.taken], at=at)

    @invariant()
    def nothing_is_said_twice_in_silence(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TOLD, (self.notifications,))
            rows = cursor.fetchall()
        for id, state, attempts, calls, open_calls, doubts in rows:
            taken = self.provider.taken[id]
            assert attempts == calls, f"{attempts} calls counted, {calls} written"
            assert open_calls <= (state == "sending"), f"{open_calls} open calls while {state}"
            assert taken <= 1 + doubts + self.replays, f"taken {taken} times, {doubts} doubts"
            assert taken <= 1 + self.replays or self.policy == "at_least_once", f"held, and taken {taken} times"
            assert taken or state not in ("sent", "delivered", "bounced"), f"{state} and never taken"

    def teardown(self) -> None:
        """When all faults are over, everything comes to an end by itself, and the ledger balances."""
        try:
            self._drive_to_the_end()
            self.nothing_is_said_twice_in_silence()
            at = datetime.now(UTC)
            before = at - timedelta(hours=1)  # it may have struck meanwhile
            assert findings(before, at) == []
            assert {hour.missing for hour in balance(before, at)} == {0}
        finally:
            self._clear()

    def _clear(self) -> None:
        for model in LEDGER:  # also what a run that failed has left, which is nobody's work any more
            model.objects.all().delete()

    def _drive_to_the_end(self) -> None:
        for _ in range(20):
            self.leases_run_out()
            recover()
            self.waits_are_over()
            self._send()
            self.holding_ends()
            if not Delivery.objects.filter(state__in=OPEN).exists():
                settle(self.notifications, at=datetime.now(UTC))
                return
        raise AssertionError(f"still open: {list(Delivery.objects.values_list('state', 'reason', 'attempts'))}")

    def _send(self) -> None:
        for lane in LANES:
            try:
                pipeline.send(lane)
            except WorkerDied:
                return


TOLD = """
SELECT d.id, d.state, d.attempts, count(a.id), count(a.id) FILTER (WHERE a.outcome = ''), (
  SELECT count(*) FROM events_event e WHERE e.delivery_id = d.id AND e.reason = 'unknown_outcome'
) FROM notifications_delivery d LEFT JOIN notifications_attempt a ON a.delivery_id = d.id
WHERE d.notification_id = ANY (%s) GROUP BY d.id
"""
LEDGER = (Attempt, Delivery, Tally, DeadLetter, Notification)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(7200 if RUNS > 1000 else 900)
def test_whatever_happens_nothing_is_lost_and_nothing_is_said_twice_in_silence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}

    def provider_for(_: Any) -> Provider:
        return Deliveries.provider

    def all_of(_: str, number: int, **__: Any) -> int:
        return number

    monkeypatch.setattr(sending, "provider_for", provider_for)
    monkeypatch.setattr(sending.breaker, "allow", all_of)  # what it holds back is told elsewhere
    run_state_machine_as_test(Deliveries, settings=HOW)


HOW = settings(
    max_examples=RUNS,
    stateful_step_count=30,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
